"""The canonical form of texts: one JSON object a line, and a manifest."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generality.data.spread import places
from generality.errors import StudyError
from generality.storage.files import read_json, sha256, whole_folder, write_json

EXAMPLES, MANIFEST = "examples.jsonl", "manifest.json"
# The fields of each form's examples, with their types.
FORMS = {
    "text": {"id": str, "text": str},
    "choice": {"id": str, "prompt": str, "choices": list, "answer": int},
    "instruction": {"id": str, "prompt": str, "response": str},
}
# An example of any form may have it: the name of what it shares with others, in all data sets, such as a passage.
CLUSTER = "cluster"
# This stands between a prompt and its answer, in training as in scoring; neither of them begins or ends with a blank.
DELIMITER = " "


@dataclass(frozen=True)
class TextSet:
    """One split of a text data set, in memory.

    `form` says what the `examples` are: `text` for pre-training; `choice`, a question whose `choices[answer]` is
    right; `instruction`, a prompt and the response to it. An example's `id` names it for good, so that the rows of two
    models can be paired. Examples with the same `cluster`, in one data set or in several, may err together.
    """

    form: str
    examples: list[dict]
    manifest: dict

    def __len__(self) -> int:
        return len(self.examples)

    def part(self, limit: int | None) -> "TextSet":
        """Return at most `limit` of its examples, evenly spread; for None, the set itself."""
        if (rows := places(len(self), limit)) is None:
            return self
        return TextSet(self.form, [self.examples[row] for row in rows], self.manifest)


def pair(form: str, example: Mapping) -> tuple[str, str]:
    """Return the prompt of an example and the answer, on which a model is fine-tuned.

    An example of the form `text` is all answer.
    """
    match form:
        case "text":
            return "", example["text"]
        case "choice":
            return example["prompt"], DELIMITER + example["choices"][example["answer"]]
    return example["prompt"], DELIMITER + example["response"]


def write_text_set(folder: str | Path, form: str, examples: Sequence[Mapping], source: Mapping) -> None:
    """Write a text set.

    `source` (where the texts are from: kind, name, licence, revision, seed, …) goes into the manifest, beside the
    count and the checksum.

    Raises StudyError for a set without examples, and names the example for: a missing or wrong field, an id that occurs
    twice, an empty text, a prompt that ends or an answer that begins with a blank, fewer than two choices, two equal
    choices, or an answer that is none of the choices.
    """
    if not examples:
        raise StudyError(f"{folder}: no examples; check the source and the shares of its splits")
    for example in examples:
        if problem := _problem(form, example):
            raise StudyError(f"{folder}: example '{example.get('id')}': {problem}")
    name, times = Counter(example["id"] for example in examples).most_common(1)[0]
    if times > 1:
        raise StudyError(f"{folder}: {times} examples have the id '{name}'; ids must be unique")
    with whole_folder(folder) as partial:
        with open(partial / EXAMPLES, "w", encoding="utf-8") as file:
            for example in examples:
                fields = [*FORMS[form], CLUSTER]
                ordered = {field: example[field] for field in fields if example.get(field) is not None}
                file.write(json.dumps(ordered, ensure_ascii=False, separators=(",", ":")) + "\n")
        manifest = {
            "source": dict(source),
            "form": form,
            "count": len(examples),
            "sha256": {EXAMPLES: sha256(partial / EXAMPLES)},
        }
        write_json(partial / MANIFEST, manifest)


def open_text_set(folder: str | Path, form: str | None = None) -> TextSet:
    """Read a text set; raise StudyError, naming the file, for a damaged set or another form than `form`."""
    folder = Path(folder)
    manifest = read_json(folder / MANIFEST, "source", "form", "sha256")
    path = folder / EXAMPLES
    if form and manifest["form"] != form:
        raise StudyError(f"{folder}: holds the form '{manifest['form']}', and '{form}' is needed")
    if not path.is_file() or sha256(path) != manifest["sha256"].get(EXAMPLES):
        raise StudyError(f"{path}: not what its manifest describes; delete {folder} and run its stage again")
    # `splitlines` would also split at U+2028 and its like, which are part of a text.
    lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    return TextSet(manifest["form"], [json.loads(line) for line in lines], manifest)


def _problem(form: str, example: Mapping) -> str | None:
    for field, kind in FORMS[form].items():
        if field not in example:
            return f"has no '{field}'"
        if not isinstance(example[field], kind) or isinstance(example[field], bool):
            return f"'{field}' is {example[field]!r}, of another type than the form '{form}' wants"
    cluster = example.get(CLUSTER)
    if cluster is not None and not (isinstance(cluster, str) and cluster.strip()):
        return f"its cluster is {cluster!r}; name it by a text that is not blank"
    choices = example.get("choices", ())
    texts = [example[field] for field in ("text", "prompt", "response") if field in example] + list(choices)
    if not all(isinstance(text, str) and text.strip() for text in texts):
        return "has an empty text"
    if form == "text":
        return None
    if example["prompt"] != example["prompt"].rstrip():
        return "its prompt ends with a blank"
    if any(text != text.strip() for text in choices) or example.get("response", "x")[0].isspace():
        return "an answer begins or ends with a blank"
    if form == "choice":
        if len(choices) < 2 or len(set(choices)) < len(choices):
            return f"its choices {choices} are fewer than two or not all different"
        if not 0 <= example["answer"] < len(choices):
            return f"its answer {example['answer']} is none of its {len(choices)} choices"
    return None
