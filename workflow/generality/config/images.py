"""Check that the picture data sets and the CLIPs of a configuration fit together."""

from collections.abc import Iterable

from generality.config.names import Problems, form_of, is_evaluation_only, of_track, one_domain, origins, settings_of
from generality.data.pictures.resizing import CROP_OF_ORIGINAL
from generality.sources import data_source, model_source


def member(path: str, name: str, splits: Iterable[str], data: dict) -> Problems:
    """Yield a problem unless a data set is there, has pictures with classes, and has the splits that are needed."""
    yield from of_track(path, name, data, "vision", "pictures")
    if form_of(name, data) == "captions":
        yield path, f"'{name.split('/')[0]}' has captions and is for pre-training only; name a set with classes"
    if is_evaluation_only(name, data):
        if "train" in splits:
            yield (
                path,
                f"'{name}' is for evaluation only, by its licence, and nothing may be fitted on it; delete it here",
            )
        splits = [split for split in splits if split == "test"]  # it may choose no setting either
    yield from one_domain(path, name, splits, data)


def beside(path: str, name: str, experiment: dict, data: dict) -> Problems:
    """Yield the problems of a data set, with classes or without, that a method reads beside the fine-tuning set."""
    yield from of_track(path, name, data, "vision", "pictures")
    if is_evaluation_only(name, data):
        yield path, f"'{name}' is for evaluation only, by its licence, and nothing may be fitted on it; name another"
    yield from one_domain(path, name, ["train"], data)
    yield from one_size(path, [experiment["speciality"], name], data)
    if _augment(experiment) == CROP_OF_ORIGINAL and form_of(name, data) == "captions":
        yield path, f"{CROP_OF_ORIGINAL} needs whole pictures, which '{name}' has not; name a set with classes"


def experiment(path: str, names: list[str], experiment: dict, config: dict) -> Problems:
    """Yield the problems of a vision experiment's data sets, `names`, the speciality first, and of its model."""
    data = config["data"]
    for key in ("exact_match", "extraction"):
        if key in experiment:
            yield f"{path}.{key}", "a CLIP generates no answers; delete this key"
    for index, probed in enumerate(experiment.get("probe", ())):
        yield from member(f"{path}.probe[{index}]", probed, ["train", "test"], data)
    for group, members in experiment["generality"].items():
        if all(is_evaluation_only(name, data) for name in members):
            yield f"{path}.generality.{group}", "no settings can be chosen by sets for evaluation only; add another set"
    yield from _crops(path, experiment, data)
    names = [*names, *experiment.get("probe", ())]
    yield from one_size(f"{path}.generality", names, data)
    model = config["models"][experiment["model"]]
    yield from fits(f"{path}.model", model, names[0], data)
    learnt = [origin for name in model_source(model).made_of(model) for origin in origins(name, data)]
    yield from _one_way(f"{path}.model", [*learnt, *names], data)


def _crops(path: str, experiment: dict, data: dict) -> Problems:
    """Yield a problem where only some methods crop original pictures, or where pictures are drawn at their size."""
    augment, name = _augment(experiment), experiment["speciality"]
    if augment == CROP_OF_ORIGINAL and not data_source(settings_of(name, data)).resizing(settings_of(name, data)):
        yield f"{path}.train.augment", f"the pictures of {name} are drawn at their size; take random_resized_crop"
    for method, keys in experiment["methods"].items():
        other = keys.get("train", {}).get("augment", augment)
        if other != augment and CROP_OF_ORIGINAL in (other, augment):
            where = f"{path}.methods.{method}.train.augment"
            yield where, f"{CROP_OF_ORIGINAL} needs pictures of its own; give it to all methods or to none"


def _augment(experiment: dict) -> str | None:
    """Return how an experiment's pictures are changed in training, None where nothing is trained."""
    return experiment.get("train", {}).get("augment")


def one_size(path: str, names: Iterable[str], data: dict) -> Problems:
    """Yield a problem where pictures have different sizes, or are resized in different ways."""
    names = list(names)
    sizes = {name: settings_of(name, data)["size"] for name in names}
    small, large = min(sizes, key=sizes.get), max(sizes, key=sizes.get)
    if sizes[small] != sizes[large]:
        yield path, f"{small} has {sizes[small]} pixels, {large} has {sizes[large]}; give both data sets one size"
    yield from _one_way(path, names, data)


def _one_way(path: str, names: Iterable[str], data: dict) -> Problems:
    """Yield a problem where pictures that are not drawn at their size are resized in two ways."""
    settings = {name: settings_of(name, data) for name in names}
    ways = {name: way for name, keys in settings.items() if (way := data_source(keys).resizing(keys))}
    for name, way in ways.items():
        first = next(iter(ways))
        for key, value in way.items():
            if value != ways[first][key]:
                yield path, f"{first} has `{key}` {ways[first][key]}, {name} has {value}; give both data sets one"


def fits(path: str, model: dict, name: str, data: dict) -> Problems:
    """Yield a problem unless pictures have the model's size; that of a released model is open_clip's to check."""
    size = settings_of(name, data)["size"]
    input_size = model_source(model).picture_size(model) or size
    if input_size != size:
        yield path, f"the model takes {input_size} pixels, and the pictures of {name} have {size}; make them equal"
