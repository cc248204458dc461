"""Whether the text data sets and the language models of a configuration fit together."""

from collections.abc import Iterable

from generality.config.names import Problems, known, one_domain, settings_of
from generality.errors import StudyError

SOURCES = ("text_world", "text_records")


def text_world(path: str, settings: dict, data: dict) -> Problems:
    from generality.data.text_world import splits  # here, so that no other study waits for it

    for split in settings["counts"]:
        if split not in splits(settings["family"]):
            yield f"{path}.counts.{split}", f"the family {settings['family']} has no such split; delete this key"


def text_records(path: str, settings: dict, data: dict) -> Problems:
    from generality.data.records.origins import splits_of

    for domain, own in settings["domains"].items():
        try:
            splits_of(own)
        except StudyError as error:
            yield tuple(f"{path}.domains.{domain}.{error}".split(": ", 1))


def pretrain_opt(path: str, model: dict, data: dict) -> Problems:
    for index, name in enumerate(model["data"]):
        where = f"{path}.data[{index}]"
        yield from member(where, name, ["train"], data)
        if form_of(name, data) != "text":
            yield where, f"'{name}' is not of the form text; name the corpus of a text world, or such records"
    longest, block = model["architecture"]["max_position_embeddings"], model["train"]["block_size"]
    if block > longest:
        yield f"{path}.train.block_size", f"{block} tokens are more than the model's {longest} positions; lower it"


def transformers(path: str, model: dict, data: dict) -> Problems:
    yield from ()


def experiment(path: str, names: list[str], experiment: dict, config: dict) -> Problems:
    """Whether the data sets of a language experiment suit what is done with them; `names` are all of them."""
    data = config["data"]
    if "templates" in experiment:
        yield f"{path}.templates", "a language model has no zero-shot head; delete this key"
    groups = {"speciality": [experiment["speciality"]], **experiment["generality"]}
    for group, members in groups.items():
        where = f"{path}.generality.{group}" if group in experiment["generality"] else f"{path}.{group}"
        forms = {form_of(name, data): name for name in members}
        if "text" in forms:
            yield where, f"'{forms['text']}' is for pre-training only; name a set of the form choice or instruction"
        if len(forms) > 1:
            first, second = forms.values()
            yield where, f"'{first}' is scored otherwise than '{second}', so they have no average; make two groups"
    for index, group in enumerate(experiment.get("exact_match", ())):
        where = f"{path}.exact_match[{index}]"
        yield from known(where, group, groups, "group")
        if form_of(groups[group][0], data) != "choice":
            yield where, f"'{group}' has no choices to compare an answer with; delete it here"
    if (model := config["models"][experiment["model"]])["source"] == "pretrain_opt":
        longest = model["architecture"]["max_position_embeddings"]
        blocks = [("train", experiment["train"])]
        blocks += [(f"methods.{name}.train", own.get("train", {})) for name, own in experiment["methods"].items()]
        for where, train in blocks:
            if train.get("block_size", 0) > longest:
                yield f"{path}.{where}.block_size", f"more than the {longest} positions of the model; lower it"


def member(path: str, name: str, splits: Iterable[str], data: dict) -> Problems:
    """Whether a data set is there, has texts, and has the splits that are needed."""
    yield from known(path, name.split("/")[0], data, "data set")
    if settings_of(name, data)["source"] not in SOURCES:
        yield path, f"'{name}' has no texts; name a set of a source of texts: {', '.join(SOURCES)}"
    yield from one_domain(path, name, splits, data)


def form_of(name: str, data: dict) -> str:
    """The form of the texts of "set/domain": text, choice or instruction."""
    settings = settings_of(name, data)
    if settings["source"] == "text_records":
        return settings["domains"][name.split("/")[1]]["form"]
    from generality.data.text_world import form

    return form(settings["family"])
