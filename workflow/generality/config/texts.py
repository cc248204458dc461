"""Check that the text data sets and the language models of a configuration fit together."""

from collections.abc import Iterable

from generality.config.names import Problems, form_of, known, of_track, one_domain, train_blocks
from generality.sources import model_source


def experiment(path: str, names: list[str], experiment: dict, config: dict) -> Problems:
    """Yield the problems of a language experiment's data sets, all in `names`, and of its model."""
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
    generated = [name for group in experiment.get("exact_match", ()) for name in groups[group]]
    for name in experiment.get("extraction", {}):
        if name not in generated:
            yield f"{path}.extraction.{name}", "no answers of it are generated; name its group in `exact_match`"
    model = config["models"][experiment["model"]]
    if longest := model_source(model).positions(model):
        for where, train in train_blocks(experiment).items():
            if train.get("block_size", 0) > longest:
                yield f"{path}.{where}.block_size", f"more than the {longest} positions of the model; lower it"


def beside(path: str, name: str, experiment: dict, data: dict) -> Problems:
    """Yield the problems of a data set that a method reads beside the fine-tuning set."""
    yield from member(path, name, ["train"], data)


def member(path: str, name: str, splits: Iterable[str], data: dict) -> Problems:
    """Yield a problem unless a data set is there, has texts, and has the splits that are needed."""
    yield from of_track(path, name, data, "language", "texts")
    yield from one_domain(path, name, splits, data)
