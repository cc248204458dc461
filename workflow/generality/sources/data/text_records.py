"""Texts of any kind, from files or the Hugging Face hub."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from generality.errors import StudyError
from generality.runtime.local_files import is_local
from generality.sources.base import DataSource, Problems
from generality.sources.keys import NOT_BLANK, block, by_split, choice, flag, listing, mapping, ref, shares

if TYPE_CHECKING:
    from generality.plan.study import Study

PATHS = listing("A path, or several.", ref("line", "A path."), type=["array", "string"], **NOT_BLANK)
RECORDS = block(
    "One data set of records.",
    {
        "form": choice(
            "choice is a question with choices, one of them right; instruction is a prompt and a response; text is for "
            "pre-training.",
            *("choice", "instruction", "text"),
        ),
        "files": by_split(
            "File or folder of files of each split, or of `all`, which is the test split or what shares cut. Hidden "
            "files and folders in a folder are left out, and the log names what is.",
            PATHS,
            "Records",
            everything=True,
        ),
        "hub": block(
            "A data set of the Hugging Face hub, instead of files.",
            {
                "id": ref(
                    "line", "The hub's name, such as openlifescienceai/medmcqa; or a local folder in its layout."
                ),
                "name": {
                    "description": (
                        "The configuration, where there are several, such as pqa_labeled; or one for each split."
                    ),
                    "type": ["string", "object"],
                    **NOT_BLANK,
                    "minProperties": 1,
                    "additionalProperties": ref("field"),
                },
                "revision": ref(
                    "commit",
                    "Commit of the data set, so that a later change there changes nothing here. A folder needs none.",
                ),
                "splits": by_split(
                    "The hub's name of each split, or of `all`.", ref("field"), "Records", everything=True
                ),
            },
            required=["id", "splits"],
        ),
        "shares": shares(
            "Share of all records, or of the train split, that goes to another split; a hash of a record's id, or of "
            "the passage it shares with others, decides, so adding some moves no other. {} makes every record train."
        ),
        "records": ref("field", "Dotted path of the records in a .json file. Default its top level."),
        "id": ref("field", "Field that names a record. Default its key, or its file and row."),
        "text": ref("field", "text: template of the text."),
        "prompt": ref(
            "field",
            "choice, instruction: template of what comes before the answer. An empty field vanishes with the blanks "
            "before it; a null one makes the record faulty.",
        ),
        "optional": listing(
            "Fields of templates that may be null or absent; they then vanish as empty ones do.",
            ref("field", "A field."),
        ),
        "choices": listing(
            "choice: a template each, or the field that holds them, as a list or as a mapping from labels.",
            ref("field"),
            type=["array", "string"],
            minItems=2,
            **NOT_BLANK,
        ),
        "labels": listing(
            "choice: the names that the answer has for the choices, in order, or the field that holds such a list; the "
            "choices themselves if it is their text.",
            {
                "description": "A label.",
                "type": ["string", "integer"],
                "title": "one line of text",
                "pattern": r"^[^\n\u2028\u2029]*\S[^\n\u2028\u2029]*$(?!\n)",
                "minimum": -1_000_000_000,
                "maximum": 1_000_000_000,
            },
            type=["array", "string"],
            minItems=2,
            **NOT_BLANK,
        ),
        "answer": ref(
            "field",
            "choice: field of the answer, which is a label; without labels a key of the mapping of choices, else the "
            "number of a choice from 0 if it is a whole number of JSON or Parquet, or the text of a choice. Digits "
            "that are a text, as in CSV, are either, and refused where they are one choice's text and another's "
            "number.",
        ),
        "answers": {
            "description": (
                "choice: instead of answer, a text file with an answer a line in the order of the records; one for "
                "each split where there are several."
            ),
            "type": ["object", "string"],
            **NOT_BLANK,
            "minProperties": 1,
            "additionalProperties": ref("field"),
        },
        "response": ref("field", "instruction: template of the response."),
        "cluster": ref(
            "field",
            "Field that examples share, such as RACE's article, or the instruction that two data sets answer. Examples "
            "in which it is equal are one cluster, in all data sets, and standard errors are clustered by it.",
        ),
        "one_per_cluster": choice(
            "Keep only the last record of each cluster, and count the others: lm-eval asks one question about each "
            "article of RACE. A faulty record is set aside by a later one, too.",
            "last",
        ),
        "counts": ref("counted", "Exact number of records, by split before shares are cut, or for `all`."),
        "skip_unlabelled": flag("Records without an answer or a response are counted and left out instead of refused."),
        "skip_faulty": flag(
            "Records with equal or empty choices, an empty prompt, or a null in a template are counted and left out "
            "instead of refused."
        ),
        "licence": ref("line", "Licence of the texts, for the manifest beside them."),
    },
    required=["form"],
)


class Source(DataSource):
    """Records of named fields in files (.json, .jsonl, .parquet, .csv, .tsv, each also as .gz, or a folder of
    save_to_disk of datasets), or on the Hugging Face hub. A field is a dotted path (context.contexts,
    instances.0.input) and is read as its file spells it; a template is a text with such paths in braces."""

    track = "language"
    order = 2
    split_keys = "files, hub or shares"
    maker = "generality.data.records.read:read_records"
    required = ("domains",)
    keys = {
        "domains": mapping(
            "The data sets by name, each addressed as set/domain. A new one is one entry here.", ref("name"), RECORDS
        )
    }

    def problems(self, path: str, settings: Mapping, data: Mapping) -> Problems:
        for domain in settings["domains"]:
            try:
                self.splits(settings, domain)
            except StudyError as error:
                yield tuple(f"{self.path(path, domain)}.{error}".split(": ", 1))

    def splits(self, settings: Mapping, domain: str) -> set[str]:
        from generality.data.records.origins import splits_of  # imported here, so that no other study waits

        return splits_of(settings["domains"][domain])

    def form(self, settings: Mapping, domain: str) -> str:
        return settings["domains"][domain]["form"]

    def path(self, path: str, domain: str) -> str:
        return f"{path}.domains.{domain}"

    def files(self, path: str, settings: Mapping, domain: str) -> dict[str, str]:
        settings, where = settings["domains"][domain], self.path(path, domain)
        hub = settings.get("hub", {"id": ""})["id"]
        files = dict(_flat(where, {key: settings.get(key, {}) for key in ("files", "answers")}))
        return files | ({f"{where}.hub.id": hub} if hub and is_local(hub) else {})

    def arguments(self, study: "Study", name: str, domain: str, split: str) -> dict:
        settings = study.data_settings(name)["domains"][domain]
        return {"name": f"{name}/{domain}", "split": split, "settings": settings}


def _flat(key: str, value: str | list | Mapping) -> Iterator[tuple[str, str]]:
    """Yield the texts in nested lists and mappings by dotted path."""
    match value:
        case str():
            yield key, value
        case Mapping():
            for name, inner in value.items():
                yield from _flat(f"{key}.{name}", inner)
        case _:
            for index, inner in enumerate(value):
                yield from _flat(f"{key}[{index}]", inner)
