"""Whether the picture data sets and the CLIPs of a configuration fit together."""

from collections.abc import Iterable

from generality.config.names import Problems, is_evaluation_only, known, one_domain, settings_of
from generality.data.pictures.folder_layout import ALL, of_domain
from generality.data.pictures.resizing import resizing
from generality.data.shares import leaves_train

SOURCES = ("picture_world", "image_folder", "captions")
# Architectures that OpenAI trained with the activation "quick GELU", by the names open_clip gives them with another.
OPENAI = (
    *("RN50", "RN101", "RN50x4", "RN50x16", "RN50x64"),
    *("ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336"),
)


def is_captioned(settings: dict) -> bool:
    """Whether a data set is for pre-training: pictures with captions, one domain `all`, one split `train`."""
    return settings["source"] == "captions" or settings.get("family") == "web"


def picture_world(path: str, settings: dict, data: dict) -> Problems:
    if is_captioned(settings):
        for split in settings["counts"]:
            if split != "train":
                yield f"{path}.counts.{split}", "a captioned family has a train split only; delete this key"


def image_folder(path: str, settings: dict, data: dict) -> Problems:
    if "fill_color" in settings and settings.get("resize_mode") != "longest":
        yield f"{path}.fill_color", "nothing is filled but with `resize_mode: longest`; delete this key"
    for domain in settings["domains"]:
        own = settings["domains"][domain] if isinstance(settings["domains"], dict) else {}
        # A mistake is told where it is mended: in the domain's settings, if the key is there.
        yield from _domain(path, f"{path}.domains.{domain}", own, of_domain(settings, domain))
    for domain in settings.get("class_groups", {}):
        yield from known(f"{path}.class_groups.{domain}", domain, settings["domains"], "domain")
    for index, domain in enumerate(settings.get("evaluation_only", ())):
        yield from known(f"{path}.evaluation_only[{index}]", domain, settings["domains"], "domain")


def _domain(set_path: str, domain_path: str, own: dict, settings: dict) -> Problems:
    def at(key: str) -> str:
        return f"{domain_path if key in own else set_path}.{key}"

    lists, shares, classes = settings.get("lists", {}), settings.get("shares", {}), settings.get("classes")
    folder = settings.get("folder", {})
    by_folder = folder if isinstance(folder, dict) else {}
    if lists and isinstance(classes, list):
        yield at("classes"), "the labels in the lists give the order already; delete this key or `lists`"
    if lists and by_folder:
        yield at("folder"), "there are lists, so splits are no folders; name one folder, or delete `lists`"
    if (lists or by_folder) and shares and "train" not in {**lists, **by_folder}:
        key = "lists" if lists else "folder"
        yield f"{at(key)}.train", "this key is missing, and shares are cut from train"
    for split in shares:
        if split in lists or split in by_folder:
            yield f"{at('shares')}.{split}", "this split has a list or folder already; delete one of the two"
    if leaves_train(shares) and sum(shares.values()) > 1:
        yield at("shares"), "their sum is above 1; lower them"
    if settings.get("train_on_all") and not lists:
        yield at("train_on_all"), "it adds the pictures of other lists to train, and there are no lists; delete it"
    for key, needed in (("numbered", "class_names"), ("objectnet_mappings", "class_names")):
        if key in settings and needed not in settings:
            yield at(key), f"it says what a table of classes is for; add `{needed}`, or delete it"
    for key in ("class_names", "objectnet_mappings"):
        if key in settings and (lists or isinstance(classes, list)):
            yield at(key), f"`{'lists' if lists else 'classes'}` has the classes already; delete one of the two"
    for key, other in (("numbered", "objectnet_mappings"), ("objectnet_mappings", "classes")):
        if key in settings and other in settings:
            yield at(key), f"the folders are named by `{other}` already; delete one of the two"
    counted = list(lists or by_folder or [ALL]) + ["train"] * bool(settings.get("train_on_all"))
    for split in settings.get("counts", {}):
        if split not in counted:
            yield f"{at('counts')}.{split}", f"there is {', '.join(dict.fromkeys(counted))} to count; correct the key"


def captions(path: str, settings: dict, data: dict) -> Problems:
    phrases = settings["phrases"]
    for index, name in enumerate(settings["of"]):
        yield from member(f"{path}.of[{index}]", name, ["train"], data)
        if name not in phrases and "default" not in phrases:
            yield f"{path}.phrases", f"there are none for '{name}'; add some, or some for `default`"
    for name in phrases:
        yield from known(f"{path}.phrases.{name}", name, [*settings["of"], "default"], "data set in `of`")
    yield from _one_size(f"{path}.of", settings["of"], data)


def pretrain_clip(path: str, model: dict, data: dict) -> Problems:
    name = model["data"]
    yield from known(f"{path}.data", name, data, "data set")
    if not is_captioned(data[name]):
        yield f"{path}.data", f"'{name}' has no captions; name a set of the family web or of the source captions"
    pictures = name if "size" in data[name] else data[name]["of"][0]
    yield from _fits(f"{path}.architecture.vision_cfg.image_size", model, pictures, data)


def open_clip(path: str, model: dict, data: dict) -> Problems:
    name = model["name"].replace("/", "-")  # open_clip takes both
    if model["weights"].lower() == "openai" and name in OPENAI:
        yield f"{path}.name", f"OpenAI's weights need another activation than '{name}' has; use '{name}-quickgelu'"
    if "preprocess" in model and not model["weights"].endswith(".safetensors"):
        yield f"{path}.preprocess", "open_clip knows what pictures its own weights take; delete this key"


def member(path: str, name: str, splits: Iterable[str], data: dict) -> Problems:
    """Whether a data set is there, has pictures with classes, and has the splits that are needed."""
    yield from known(path, name.split("/")[0], data, "data set")
    settings = settings_of(name, data)
    if settings["source"] not in SOURCES:
        yield path, f"'{name}' has no pictures; name a set of a source of pictures: {', '.join(SOURCES)}"
    if is_captioned(settings):
        yield path, f"'{name.split('/')[0]}' has captions and is for pre-training only; name a set with classes"
    if is_evaluation_only(name, data):
        if "train" in splits:
            yield (
                path,
                f"'{name}' is for evaluation only, by its licence, and nothing may be fitted on it; delete it here",
            )
        splits = [split for split in splits if split == "test"]  # nor may settings be chosen by it
    yield from one_domain(path, name, splits, data)


def experiment(path: str, names: list[str], experiment: dict, config: dict) -> Problems:
    """Whether the data sets `names` of a vision experiment, the speciality first, suit each other and the model."""
    data = config["data"]
    if "exact_match" in experiment:
        yield f"{path}.exact_match", "a CLIP generates no answers; delete this key"
    for index, probed in enumerate(experiment.get("probe", ())):
        yield from member(f"{path}.probe[{index}]", probed, ["train", "test"], data)
    for group, members in experiment["generality"].items():
        if all(is_evaluation_only(name, data) for name in members):
            yield f"{path}.generality.{group}", "no settings can be chosen by sets for evaluation only; add another set"
    names = [*names, *experiment.get("probe", ())]
    yield from _one_size(f"{path}.generality", names, data)
    model = config["models"][experiment["model"]]
    yield from _fits(f"{path}.model", model, names[0], data)
    learnt = data[model["data"]].get("of", ()) if "data" in model else ()
    yield from _one_way(f"{path}.model", [*learnt, *names], data)


def _one_size(path: str, names: Iterable[str], data: dict) -> Problems:
    names = list(names)
    sizes = {name: settings_of(name, data)["size"] for name in names}
    small, large = min(sizes, key=sizes.get), max(sizes, key=sizes.get)
    if sizes[small] != sizes[large]:
        yield path, f"{small} has {sizes[small]} pixels, {large} has {sizes[large]}; give both data sets one size"
    yield from _one_way(path, names, data)


def _one_way(path: str, names: Iterable[str], data: dict) -> Problems:
    """Yield a problem where pictures that are not drawn at their size are resized in two ways."""
    ways = {name: resizing(own) for name in names if (own := settings_of(name, data))["source"] == "image_folder"}
    for name, way in ways.items():
        first = next(iter(ways))
        for key, value in way.items():
            if value != ways[first][key]:
                yield path, f"{first} has `{key}` {ways[first][key]}, {name} has {value}; give both data sets one"


def _fits(path: str, model: dict, name: str, data: dict) -> Problems:
    """Whether pictures have the size that a model takes; of a released model only open_clip knows it."""
    size = settings_of(name, data)["size"]
    wanted = model.get("architecture", {"vision_cfg": {}})["vision_cfg"].get("image_size", size)
    if wanted != size:
        yield path, f"the model takes {wanted} pixels, and the pictures of {name} have {size}; make them equal"
