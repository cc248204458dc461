"""What a schema cannot say: that the names in a configuration lead somewhere, and that its parts fit together."""

from collections.abc import Iterable, Iterator

from generality.config_schema import did_you_mean

# Architectures that OpenAI trained with the activation "quick GELU", by the names open_clip gives them with another.
OPENAI = (
    *("RN50", "RN101", "RN50x4", "RN50x16", "RN50x64"),
    *("ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336"),
)
HYPERPARAMETER = {"l1": "lambda", "l2": "lambda", "kd": "lambda", "lora": "rank", "wise": "alpha"}
FOLDERS = ("data", "models")  # stand beside the experiments in results/<study>
SPECIALITY = "speciality"  # the group of the data set that is fine-tuned on, in every table of scores

# Each yields (dotted path, description), and only its first is true for sure: what comes after a mistake builds on it.
Problems = Iterator[tuple[str, str]]


def problem(config: dict) -> tuple[str, str] | None:
    """Dotted path and description of the first mistake in a configuration that fits the schema, or None."""
    return next(_problems(config), None)


def is_captioned(settings: dict) -> bool:
    """Whether a data set is for pre-training: pictures with captions, one domain `all`, one split `train`."""
    return settings["source"] == "captions" or settings.get("family") == "web"


def _problems(config: dict) -> Problems:
    data = config["data"]
    for name, settings in data.items():
        check = {"picture_world": _picture_world, "image_folder": _image_folder, "captions": _captions}
        yield from check[settings["source"]](f"data.{name}", settings, data)
    for name, model in config["models"].items():
        check = {"pretrain": _pretrain, "open_clip": _open_clip}
        yield from check[model["source"]](f"models.{name}", model, data)
    for name, experiment in config["experiments"].items():
        yield from _experiment(f"experiments.{name}", name, experiment, config)
    yield from _report(config["report"], config["experiments"])


def _picture_world(path: str, settings: dict, data: dict) -> Problems:
    if is_captioned(settings):
        for split in settings["counts"]:
            if split != "train":
                yield f"{path}.counts.{split}", "a captioned family has a train split only; delete this key"


def _image_folder(path: str, settings: dict, data: dict) -> Problems:
    lists, shares = settings.get("lists", {}), settings.get("shares", {})
    if lists and "classes" in settings:
        yield f"{path}.classes", "the labels in the lists give the order already; delete this key or `lists`"
    if lists and shares and "train" not in lists:
        yield f"{path}.lists.train", "this key is missing, and shares are cut from the train list"
    for split in shares:
        if split in lists:
            yield f"{path}.shares.{split}", "this split has a list already; delete one of the two"
    if sum(shares.values()) >= 1:
        yield f"{path}.shares", "nothing is left to train on; lower them until their sum is below 1"
    for domain in settings.get("class_groups", {}):
        yield from _known(f"{path}.class_groups.{domain}", domain, settings["domains"], "domain")


def _captions(path: str, settings: dict, data: dict) -> Problems:
    phrases = settings["phrases"]
    for index, name in enumerate(settings["of"]):
        yield from _data_set(f"{path}.of[{index}]", name, ["train"], data)
        if name not in phrases and "default" not in phrases:
            yield f"{path}.phrases", f"there are none for '{name}'; add some, or some for `default`"
    for name in phrases:
        yield from _known(f"{path}.phrases.{name}", name, [*settings["of"], "default"], "data set in `of`")
    yield from _one_size(f"{path}.of", settings["of"], data)


def _pretrain(path: str, model: dict, data: dict) -> Problems:
    name = model["data"]
    yield from _known(f"{path}.data", name, data, "data set")
    if not is_captioned(data[name]):
        yield f"{path}.data", f"'{name}' has no captions; name a set of the family web or of the source captions"
    pictures = name if "size" in data[name] else data[name]["of"][0]
    yield from _fits(f"{path}.architecture.vision_cfg.image_size", model, pictures, data)


def _open_clip(path: str, model: dict, data: dict) -> Problems:
    name = model["name"].replace("/", "-")  # open_clip takes both
    if model["weights"].lower() == "openai" and name in OPENAI:
        yield f"{path}.name", f"OpenAI's weights need another activation than '{name}' has; use '{name}-quickgelu'"


def _experiment(path: str, name: str, experiment: dict, config: dict) -> Problems:
    data, models, speciality = config["data"], config["models"], experiment["speciality"]
    if name in FOLDERS:
        yield path, f"'{name}' is the name of a folder beside the experiments; choose another"
    yield from _known(f"{path}.model", experiment["model"], models, "model")
    yield from _data_set(f"{path}.speciality", speciality, ["train", "validation", "test"], data)
    for group, members in experiment["generality"].items():
        if group == SPECIALITY:
            yield f"{path}.generality.{group}", "the data set fine-tuned on has this group's name; choose another"
        for index, member in enumerate(members):
            where = f"{path}.generality.{group}[{index}]"
            if member == speciality:
                yield where, f"'{member}' is the speciality, what is fine-tuned on; delete it here"
            yield from _data_set(where, member, ["validation", "test"], data)
    others = [member for members in experiment["generality"].values() for member in members]
    yield from _one_size(f"{path}.generality", [speciality, *others], data)
    yield from _fits(f"{path}.model", models[experiment["model"]], speciality, data)
    yield from _one_world(models[experiment["model"]], [speciality, *others], data)
    for method, key in HYPERPARAMETER.items():
        for index, value in enumerate(experiment["methods"].get(method, {}).get(key, ())):
            # So that a setting's value and its text, which names its folder, can each be made from the other.
            if float(f"{value:g}") != value:
                where = f"{path}.methods.{method}.{key}[{index}]"
                yield where, f"{value!r} has too many digits to name a folder; round it to six"


def _report(report: dict, experiments: dict) -> Problems:
    shown = {f"{part}.experiment": report[part]["experiment"] for part in ("table4", "table5") if part in report}
    for part in ("figure2", "figure4"):
        names = report.get(part, {}).get("experiments", ())
        shown |= {f"{part}.experiments[{index}]": name for index, name in enumerate(names)}
    for path, name in shown.items():
        yield from _known(f"report.{path}", name, experiments, "experiment")
        for method in ("pretrained", *experiments[name]["methods"]):
            if method not in report["style"] and not path.startswith("figure2"):  # that one shows pictures only
                yield f"report.style.{method}", f"this key is missing, and report.{path} shows that method"


def _known(path: str, name: str, names: Iterable[str], kind: str) -> Problems:
    if name not in names:
        yield path, f"no {kind} is called '{name}'{did_you_mean(name, names)}; there are: {', '.join(names)}"


def _data_set(path: str, name: str, needed: Iterable[str], data: dict) -> Problems:
    """Whether the data set "set/domain" is there, has classes, and has the splits that are needed."""
    set_name, domain = name.split("/")
    yield from _known(path, set_name, data, "data set")
    settings = data[set_name]
    if is_captioned(settings):
        yield path, f"'{set_name}' has captions and is for pre-training only; name a set with classes"
    yield from _known(path, domain, _domains(settings), f"domain of '{set_name}'")
    for split in needed:
        if split not in _splits(settings):
            place = "counts" if settings["source"] == "picture_world" else "lists or shares"
            yield f"data.{set_name}", f"has no {split} split, and {path} needs it; add it to {place}"


def _domains(settings: dict) -> list[str]:
    if settings["source"] == "image_folder":
        return settings["domains"]
    from generality.data.picture_world import domains  # here, so that no other study waits for it

    return list(domains(settings["family"]))


def _splits(settings: dict) -> set[str]:
    if settings["source"] == "picture_world":
        return set(settings["counts"])
    if "lists" in settings:
        return {*settings["lists"], *settings.get("shares", ())}
    return {"train", *settings["shares"]} if "shares" in settings else {"test"}


def _settings(name: str, data: dict) -> dict:
    return data[name.split("/")[0]]


def _one_size(path: str, names: Iterable[str], data: dict) -> Problems:
    sizes = {name: _settings(name, data)["size"] for name in names}
    small, large = min(sizes, key=sizes.get), max(sizes, key=sizes.get)
    if sizes[small] != sizes[large]:
        yield path, f"{small} has {sizes[small]} pixels, {large} has {sizes[large]}; give both data sets one size"


def _fits(path: str, model: dict, name: str, data: dict) -> Problems:
    """Whether pictures have the size that a model takes; of a released model only open_clip knows it."""
    size = _settings(name, data)["size"]
    wanted = model.get("architecture", {"vision_cfg": {}})["vision_cfg"].get("image_size", size)
    if wanted != size:
        yield path, f"the model takes {wanted} pixels, and the pictures of {name} have {size}; make them equal"


def _one_world(model: dict, names: Iterable[str], data: dict) -> Problems:
    """Whether rendered pictures come from the world that a model is pre-trained in."""
    known = data[model["data"]].get("seed") if model["source"] == "pretrain" else None
    if known is None or data[model["data"]]["source"] != "picture_world":
        return
    for name in names:
        settings = _settings(name, data)
        if settings["source"] == "picture_world" and settings["seed"] != known:
            place = f"data.{name.split('/')[0]}.seed"
            yield place, f"another world than that of '{model['data']}', which has seed {known}; make them equal"
