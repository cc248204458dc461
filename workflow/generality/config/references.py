"""Checks that a schema cannot express: names must lead somewhere, and sections must fit together."""

from collections.abc import Iterable

from generality import SPECIALITY
from generality.config import downloads, elsewhere, images, texts
from generality.config.names import Problems, domains, known, origins, settings_of, train_blocks
from generality.config.schema import did_you_mean
from generality.methods import Given, PostHoc, Trained, combinations, declaration, grids, looks
from generality.parts import parts
from generality.sources import data_source, model_source
from generality.storage.setting import is_exact

VARIED = ("lr", "warmup")  # the keys of a train block that early stopping is tried with
FOLDERS = ("data", "models")  # stand beside the experiments in results/<study>
# By track: the checks of an experiment, and the keys of a train block that no other track has.
CHECKS = {"vision": images, "language": texts}
TRAIN_KEYS = {"vision": ("augment",), "language": ("packing", "block_size", "loss_on")}


def problem(config: dict) -> tuple[str, str] | None:
    """Return path (dotted) and description of the first mistake in a configuration that fits the schema, or None."""
    return next(_problems(config), None)


def expand(config: dict) -> None:
    """Replace a set's bare name in groups and `probe`, in place, by all its domains but the speciality."""
    for experiment in config["experiments"].values():
        groups = [(experiment["generality"], group) for group in experiment["generality"]]
        for holder, key in groups + [(experiment, "probe")] * ("probe" in experiment):
            members = holder[key]
            names = [name for member in members for name in _all_domains(member, config["data"])]
            holder[key] = list(dict.fromkeys(n for n in names if n != experiment["speciality"] or n in members))


def _all_domains(name: str, data: dict) -> list[str]:
    """Return the domains of a set by its bare name as "set/domain", or the name itself where it is no set's."""
    return [f"{name}/{domain}" for domain in domains(data[name])] if name in data else [name]


def _problems(config: dict) -> Problems:
    data = config["data"]
    for name, settings in data.items():
        yield from data_source(settings).problems(f"data.{name}", settings, data)
    for name, settings in config["models"].items():
        yield from model_source(settings).problems(f"models.{name}", settings, data)
    yield from downloads.problems(config)
    for name, experiment in config["experiments"].items():
        yield from _experiment(f"experiments.{name}", name, experiment, config)
    yield from _report(config["report"], config["experiments"])


def _experiment(path: str, name: str, experiment: dict, config: dict) -> Problems:
    data, models, track = config["data"], config["models"], experiment["track"]
    speciality, checks = experiment["speciality"], CHECKS[track]
    if name in FOLDERS:
        yield path, f"'{name}' is the name of a folder beside the experiments; choose another"
    yield from known(f"{path}.model", experiment["model"], models, "model")
    if (source := model_source(models[experiment["model"]])).track != track:
        yield f"{path}.model", f"a model of the source {source.name} is not for the track {track}; name another"
    splits = ["train"] if "train" in experiment or track == "vision" else []  # a head takes the classes there
    yield from checks.member(f"{path}.speciality", speciality, [*splits, "validation", "test"], data)
    for group, members in experiment["generality"].items():
        if group == SPECIALITY:
            yield f"{path}.generality.{group}", "the data set fine-tuned on has this group's name; choose another"
        for index, member in enumerate(members):
            where = f"{path}.generality.{group}[{index}]"
            if member == speciality:
                yield where, f"'{member}' is the speciality, what is fine-tuned on; delete it here"
            yield from checks.member(where, member, ["validation", "test"], data)
    names = [speciality, *(member for members in experiment["generality"].values() for member in members)]
    yield from checks.experiment(path, names, experiment, config)
    yield from _one_world(models[experiment["model"]], names, data)
    for method in experiment["methods"]:
        if isinstance(declaration(method), Given):
            yield from _given(f"{path}.methods.{method}", method, experiment, models)
        else:
            yield from _method(f"{path}.methods.{method}", method, experiment, data, config["seeds"]["finetuning"])
    if "series" in experiment and "full" not in experiment["methods"]:
        yield f"{path}.series", "a series is of full fine-tuning; add the method `full`, or delete this key"
    for key, other in (("probe", "vision"), ("early_stopping", "language")):
        if key in experiment and track != other:
            yield f"{path}.{key}", f"this key is for the track {other}; delete it"
    if varied := experiment.get("early_stopping"):
        if varied["group"] not in experiment["generality"]:
            groups = ", ".join(experiment["generality"])
            yield f"{path}.early_stopping.group", f"no group is called '{varied['group']}'; there are: {groups}"
        train = experiment["train"] | experiment["methods"].get("full", {}).get("train", {})
        for key in VARIED:
            yield from _nameable(f"{path}.early_stopping.{key}", varied[key])
            if train[key] in varied[key]:
                where = f"{path}.early_stopping.{key}[{varied[key].index(train[key])}]"
                yield where, f"{train[key]:g} is what full fine-tuning has, which is always shown; delete it here"
    for other, keys in TRAIN_KEYS.items():
        for where, block in train_blocks(experiment).items():
            for key in keys:
                if other != track and key in block:
                    yield f"{path}.{where}.{key}", f"this key is for the track {other}; delete it"


def _given(path: str, method: str, experiment: dict, models: dict) -> Problems:
    """Yield the problems of a model that was fine-tuned elsewhere, under the name `method`."""
    named, base = experiment["methods"][method]["model"], experiment["model"]
    if not elsewhere.is_name(method):
        yield path, f"'{method}' is no name for a model of yours; take another, of a-z, 0-9 and _"
    if named not in models:
        hint = "a folder's path begins with ./, and a hub id has a /"
        there = f"no model is called '{named}'{did_you_mean(named, models)}; there are: {', '.join(models)}"
        yield f"{path}.model", f"{there}; {hint}"
    if named == base:
        yield f"{path}.model", f"'{named}' is the experiment's own model, before fine-tuning; name the tuned one"
    if (source := model_source(models[named])).track != experiment["track"]:
        yield f"{path}.model", f"a model of the source {source.name} is not for this track; name another"
    for where, model in ((f"{path}.model", named), (path.partition(".methods")[0] + ".model", base)):
        if model_source(models[model]).pretrains:
            yield where, f"'{model}' is pre-trained by this study, so nothing elsewhere belongs to it; name another"


def _method(path: str, method: str, experiment: dict, data: dict, seeds: list[int]) -> Problems:
    """Yield the problems of a method: another track, values that name no folder, no data, model or seeds that it needs.

    `seeds` are those of fine-tuning.
    """
    declared, methods = declaration(method), experiment["methods"]
    if isinstance(declared, Trained) and "train" not in experiment:
        yield f"{path.partition('.methods')[0]}.train", f"this key is missing, and {method} trains by it"
    if isinstance(declared, PostHoc) and declared.several and len(seeds) == 1:
        yield path, "it mixes trainings of several seeds, and `seeds` has one of fine-tuning; add one, or delete it"
    if experiment["track"] not in declared.tracks:
        yield path, f"this method is for the track {' or '.join(declared.tracks)}; delete it here"
    if declared.grid:
        yield from _nameable(f"{path}.{declared.grid.name}", methods[method][declared.grid.name])
    for key in (key for key in declared.needs + declared.wants if key in methods[method]):
        yield from CHECKS[experiment["track"]].beside(f"{path}.{key}", methods[method][key], experiment, data)
    for key, values in methods[method].get("tune", {}).items():
        if declared.grid and key == declared.grid.name:
            yield f"{path}.tune.{key}", f"this key is {method}'s own, with its values in {path}.{key}; delete it here"
        yield from _nameable(f"{path}.tune.{key}", values)
    for index, named in enumerate(methods[method].get("on", ())):
        base, _, one = named.partition("/")
        trained = [name for name in methods if isinstance(declaration(name), Trained | Given)]
        if base in looks() and base not in methods:
            yield path.replace(method, base), f"this key is missing, and '{method}' needs it"
        yield from known(f"{path}.on[{index}]", base, trained, "trained method")
        if declared.several and isinstance(declaration(base), Given):
            yield f"{path}.on[{index}]", f"'{base}' is one training, and {method} mixes several; delete it here"
        if declared.grid and (shared := declared.grid.name) in grids(base, methods[base]):
            text = f"{base} and {method} both have '{shared}' in their settings' names, so that these are the same"
            yield f"{path}.on[{index}]", f"{text}; rename it in one of their files"
        if one:
            yield from known(f"{path}.on[{index}]", one, combinations(base, methods[base]), f"setting of {base}")


def _nameable(path: str, values: Iterable[float]) -> Problems:
    """Yield a problem for each value that its text, the name of a folder, does not give back exactly."""
    for index, value in enumerate(values):
        if not is_exact(value):
            yield f"{path}[{index}]", f"{value!r} has too many digits to name a folder; round it to six"


def _report(report: dict, experiments: dict) -> Problems:
    shown = [*looks(), *(method for experiment in experiments.values() for method in experiment["methods"])]
    for method in [method for method in report["style"] if method not in shown]:
        text = f"unknown key{did_you_mean(method, shown)}; allowed: {', '.join(dict.fromkeys(shown))}"
        yield f"report.style.{method}", text
    for name, part in parts().items():
        entry = report.get(name, {})
        for path, experiment in _shown(entry).items():
            path = f"report.{name}.{path}"
            yield from known(path, experiment, experiments, "experiment")
            if lack := part.lacks(experiments[experiment], name):
                yield path, f"experiments.{experiment} {lack}"
            for index, group in enumerate(entry.get("groups", ())):
                path = f"report.{name}.groups[{index}]"
                yield from known(path, group, experiments[experiment]["generality"], f"group of {experiment}")


def _shown(entry: dict) -> dict[str, str]:
    """Return the experiments that an entry of the report names, by their paths in the entry."""
    names = entry.get("experiments", [])
    if "experiment" in entry:
        return {"experiment": entry["experiment"]}
    if isinstance(names, dict):
        return {f"experiments.{role}": name for role, name in names.items()}
    return {f"experiments[{index}]": name for index, name in enumerate(names)}


def _one_world(model: dict, names: list[str], data: dict) -> Problems:
    """Yield a problem where generated data are not from the world that a model is pre-trained in."""
    for source in [origin for name in model_source(model).made_of(model) for origin in origins(name, data)]:
        settings = settings_of(source, data)
        for name in names if data_source(settings).is_world else ():
            other = settings_of(name, data)
            if data_source(other).is_world and other["seed"] != settings["seed"]:
                yield (
                    f"data.{name.split('/')[0]}.seed",
                    f"another world than that of '{source}', which has seed {settings['seed']}; make them equal",
                )
