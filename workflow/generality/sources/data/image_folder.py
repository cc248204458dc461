"""Any folder of pictures, a folder for each class."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from generality.config.names import known
from generality.data.pictures.folder_layout import ALL, folders_of, of_domain, paths_of, splits_of
from generality.data.pictures.resizing import WHOLE_TRAIN, resizing
from generality.data.shares import leaves_train
from generality.runtime.imports import resource
from generality.sources.base import DataSource, Problems
from generality.sources.keys import block, by_split, flag, listing, mapping, ref, shares

if TYPE_CHECKING:
    from generality.plan.study import Study

TABLES = {"imagenet": "imagenet_classes.csv"}  # tables of classes that the project has, by name
BELOW = {
    "description": "A path below root.",
    "title": "a path below root",
    "type": "string",
    "pattern": r"^(?!/)(?!.*\.\.)[^\n\u2028\u2029]*[^/\s]$(?!\n)",
}
# The keys that a domain may have in place of the set's.
OF_EITHER = {
    "lists": by_split(
        "List file of each split, relative to root, with {domain} in place of the domain's folder: a text file of "
        'lines "<domain>/<class>/<picture> <label>".',
        {
            "title": "a file below root, with {domain} in its name",
            "type": "string",
            "pattern": r"^(?!/)(?!.*\.\.)[^\n\u2028\u2029]*\{domain\}[^\n\u2028\u2029]*$(?!\n)",
        },
        "Pictures",
    ),
    "shares": shares(
        "Share of the pictures that goes to a split without a list or folder; a hash of its path decides over each "
        "picture, so adding some moves no other. {} makes every picture train; shares with a sum of 1 leave none to "
        "train on."
    ),
    "classes": listing(
        'The class folders to take, in the order of their labels; a name in a template has spaces for "_". Left out, '
        "all are taken in alphabetical order. Lists have labels of their own, so they go without it. Or the exact "
        "number of classes.",
        ref("line", "A class name."),
        type=["array", "integer"],
        minItems=2,
        minimum=2,
        maximum=1_000_000_000,
    ),
    "cluster": ref(
        "line",
        "A regular expression with one group, such as /([0-9]+)_[^/]*$, for sets with several pictures of one thing: "
        "an object, a film, a patient. It is searched in a picture's path below root, and the group is the picture's "
        "cluster, in all data sets. Standard errors are clustered by it, and shares leave a cluster whole.",
    ),
    "class_names": ref(
        "line",
        "Names of the class folders, in the order of their labels: imagenet, whose folders are WordNet ids, or a CSV "
        'file with the columns folder and name. A part of its classes may be there. " [mark]" at the end of a name '
        "tells it from another of the same name and is not in prompts.",
    ),
}
DOMAIN = block(
    "The settings that differ in one domain of an image folder; each replaces the same key of the set.",
    {
        "folder": by_split(
            "The folder of its classes, relative to root; or one for each split, as ImageNet has them. Left out, it is "
            "the domain's name.",
            BELOW,
            "Pictures",
        )
        | {"type": ["string", "object"], "title": "a folder below root", "pattern": BELOW["pattern"]},
        "lists": OF_EITHER["lists"],
        "shares": OF_EITHER["shares"],
        "train_on_all": flag(
            "True: train is every picture of the folder, those of the other lists too, so scores are those of pictures "
            "seen in training. The paper seems to have used DomainNet's real so."
        ),
        "classes": OF_EITHER["classes"],
        "cluster": OF_EITHER["cluster"],
        "class_names": OF_EITHER["class_names"],
        "numbered": flag("True: class folders are numbers of lines of class_names, from 0 (ImageNet-V2)."),
        "objectnet_mappings": BELOW
        | {
            "description": (
                "ObjectNet's folder `mappings`: the classes that it shares with class_names are taken, and score as "
                "the best of the model's classes that count as them."
            )
        },
        "crop_border": {
            "description": "Pixels cut off each side before all else. ObjectNet's pictures have a red border of 2.",
            "type": "integer",
            "minimum": 1,
            "maximum": 100,
        },
        "counts": ref(
            "counted",
            "Exact number of pictures, by split before shares are cut, or for `all`. A copy that is not whole is "
            "refused before anything is decoded.",
        ),
        "licence": ref("line", "Licence of the pictures, for the manifest beside them."),
    },
)


class Source(DataSource):
    """Pictures in root/<domain>/<class>/, no deeper: JPEG, PNG, WebP, GIF (first frame), BMP, TIFF, PPM, JPEG 2000 and
    AVIF, as their suffix says; other files are left out, which the log tells. A picture is turned as its EXIF
    orientation says, and its transparent parts are set on white. With lists, a split is what its list names and shares
    are cut from the train list. Without lists, shares are cut from all pictures and train is what is left. Without
    either, all is test."""

    track = "vision"
    order = 2
    stage = "prepare"
    split_keys = "lists or shares"
    maker = "generality.data.pictures.image_folder:decode"
    required = ("root", "domains", "size")
    keys = {
        "root": ref("line", "Folder that holds one folder per domain."),
        "domains": mapping(
            "The domains, each a folder in root: a list of names, or a mapping of names to what is different in each.",
            ref("name"),
            DOMAIN,
        )
        | {"type": ["array", "object"], "minItems": 1, "uniqueItems": True, "items": ref("name")},
        "size": ref("size"),
        **OF_EITHER,
        "class_groups": mapping(
            "Domains with classes of their own (ObjectNet): each own class is given the classes of the model that "
            "count as it, and scores as the best of them.",
            ref("name"),
            mapping(
                "The own classes of one domain.",
                ref("line"),
                listing("The model's classes that count as this one.", ref("line", "A class name of the model.")),
            ),
        ),
        "evaluation_only": listing(
            "Domains whose licence forbids to fit anything on them (ObjectNet): they are never fine-tuned on, "
            "captioned or probed.",
            ref("name"),
        ),
        "licence": ref(
            "line", "Licence of the pictures, for the manifest beside them. Left out, the manifest states none."
        ),
        "interpolation": ref("interpolation"),
        "resize_mode": ref("resize_mode"),
        "fill_color": ref("fill_color"),
    }

    def problems(self, path: str, settings: Mapping, data: Mapping) -> Problems:
        if "fill_color" in settings and settings.get("resize_mode") != "longest":
            yield f"{path}.fill_color", "nothing is filled but with `resize_mode: longest`; delete this key"
        for domain in settings["domains"]:
            overrides = settings["domains"][domain] if isinstance(settings["domains"], dict) else {}
            # Report a mistake where the user mends it: in the domain's settings, if the key is there.
            yield from _domain(path, f"{path}.domains.{domain}", overrides, of_domain(settings, domain))
        for domain in settings.get("class_groups", {}):
            yield from known(f"{path}.class_groups.{domain}", domain, settings["domains"], "domain")
        for index, domain in enumerate(settings.get("evaluation_only", ())):
            yield from known(f"{path}.evaluation_only[{index}]", domain, settings["domains"], "domain")

    def splits(self, settings: Mapping, domain: str) -> set[str]:
        return splits_of(domain, of_domain(settings, domain))

    def form(self, settings: Mapping, domain: str) -> str:
        return "classes"

    def resizing(self, settings: Mapping) -> dict:
        return resizing(settings)

    def folders(self, path: str, settings: Mapping, domain: str) -> dict[str, str]:
        root = settings["root"].rstrip("/")
        by_split = folders_of(domain, of_domain(settings, domain)).items()
        return {f"{path}.domains.{domain} ({split})": f"{root}/{folder}" for split, folder in by_split}

    def files(self, path: str, settings: Mapping, domain: str) -> dict[str, str]:
        folders, where = self.folders(path, settings, domain).values(), f"{path}.domains.{domain}"
        settings = of_domain(settings, domain)
        files = {f"{where} ({file})": file for file in paths_of(domain, settings) if file not in folders}
        return files | ({f"{where}.class_names": _table(settings["class_names"])} if "class_names" in settings else {})

    def arguments(self, study: "Study", name: str, domain: str, split: str) -> dict:
        # Other domains are left out: a split does not depend on them.
        settings = of_domain(study.data_settings(name), domain)
        if "class_names" in settings:
            settings["class_names"] = _table(settings["class_names"])
        fetched = study.downloads.provenance(paths_of(domain, settings))
        settings |= {"downloads": fetched} if fetched else {}
        uncropped = {"split": "train", "whole": True} if split == WHOLE_TRAIN else {}
        return {"name": name, "domain": domain, "split": split, "settings": settings} | uncropped


def _table(name: str) -> str:
    """Return the path of a table of classes: one of the project's, by name, or the study's own."""
    return resource(TABLES[name]) if name in TABLES else name


def _groups(pattern: str) -> int:
    """Return the number of groups of a regular expression, 0 for a text that is none."""
    try:
        return re.compile(pattern).groups
    except re.error:
        return 0


def _domain(set_path: str, domain_path: str, overrides: dict, settings: dict) -> Problems:
    def at(key: str) -> str:
        return f"{domain_path if key in overrides else set_path}.{key}"

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
    if "cluster" in settings and _groups(settings["cluster"]) != 1:
        yield at("cluster"), "this is no regular expression with one group, such as /([0-9]+)_[^/]*$"
    for key in ("numbered", "objectnet_mappings"):
        if key in settings and "class_names" not in settings:
            yield at(key), "it says what a table of classes is for; add `class_names`, or delete it"
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
