"""Divide the pictures of an image folder into splits: by list files, by folders or by shares of a hash."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from generality.data.image_set import cluster_of
from generality.data.pictures.folder_layout import ALL, folders_of
from generality.data.pictures.listing import list_pictures
from generality.data.shares import check_shares, leaves_train, split_of
from generality.errors import StudyError


@dataclass(frozen=True)
class Splits:
    """The class folders in the order of their labels, the pictures by split, and the files that are no pictures.

    Pictures and files are paths relative to the root. With lists, only the files that they name are looked at.
    """

    classes: list[str]
    pictures: dict[str, list[str]]
    left_out: list[str]


def find_splits(root: Path, domain: str, settings: Mapping, table: Mapping[str, str] | None = None) -> Splits:
    """Return a domain's class folders and pictures, by split.

    `settings` are the domain's (`folder_layout.of_domain`). `table`, for folders whose names are in a file, maps every
    possible class folder to its name, in the order of the labels.

    Raises StudyError for folders that are missing, empty or too deep; for lists that are missing, malformed, contradict
    themselves or reach out of `root`; for other counts of classes or pictures than the settings have; for impossible
    shares; and for a picture without the pattern of clusters in its path.
    """
    lists, shares, classes = (settings.get(key) for key in ("lists", "shares", "classes"))
    folders, left_out = folders_of(domain, settings), []
    if not root.is_dir():
        raise StudyError(f"{root}: no such folder; let `root` name the folder of the data set")
    for folder in folders.values():
        if not (root / folder).is_dir():
            names = ", ".join(_folders(root)) or "no folder at all"
            raise StudyError(f"{root / folder}: no such domain; {root} has {names}")
    if lists is None:
        order, splits = _classes(root, folders, classes, table), {}
        for split, folder in folders.items():
            splits[split], others = list_pictures(root, folder, order)
            left_out += others
    elif classes is not None and not isinstance(classes, int):
        raise StudyError("classes: the labels in `lists` give the order already; leave out one of the two keys")
    else:
        order, splits = _read_lists(root, folders[ALL], lists)
        if classes not in (None, len(order)):
            raise StudyError(f"{root / folders[ALL]}: {len(order)} classes in its lists, {classes} are expected")
    everything = {}
    if settings.get("train_on_all"):
        everything["train"], left_out = list_pictures(root, folders[ALL], order)
    _check_counts(root, folders, settings.get("counts", {}), splits | everything)
    if odd := [path for path in chain(*splits.values()) if not path.isprintable()]:
        # The ids of an image set are lines of UTF-8 and must print.
        raise StudyError(f"{root}: {odd[0]!r} has characters that do not print ({len(odd)} such pictures); rename it")
    rest = "test" if shares is None else "train"
    splits = {rest if split == ALL else split: paths for split, paths in splits.items()}
    cluster = settings.get("cluster")
    if cluster and (odd := [path for path in chain(*splits.values()) if not cluster_of(path, cluster)]):
        others = f"{len(odd)} such pictures"
        raise StudyError(f"{root / odd[0]}: `cluster` ({cluster}) finds nothing in its path ({others}); correct it")
    return Splits(order, (splits if shares is None else _cut(shares, splits, cluster)) | everything, left_out)


def _folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _classes(
    root: Path, folders: Mapping[str, str], classes: Sequence[str] | int | None, table: Mapping[str, str] | None
) -> list[str]:
    """Return the class folders in the order of their labels, the same in all folders."""
    classes_of = {}
    for folder in folders.values():
        where = root / folder
        if not (names := _folders(where)):
            raise StudyError(f"{where}: no class folder; pictures belong into <root>/<domain>/<class>/")
        if classes is not None and not isinstance(classes, int):
            if absent := [name for name in classes if name not in names]:
                many = f" ({len(absent)} such)" if len(absent) > 1 else ""
                raise StudyError(
                    f"{where / absent[0]}: no such class folder{many}; correct `classes` or add the folder"
                )
            names = list(classes)
        elif table is not None:
            if unknown := [name for name in names if name not in table]:
                raise StudyError(
                    f"{where / unknown[0]}: none of the {len(table)} classes is called so; delete the folder"
                )
            names = [name for name in table if name in set(names)]
        if isinstance(classes, int) and len(names) != classes:
            absent = [name for name in table if name not in set(names)] if table and len(table) == classes else []
            which = f"; '{absent[0]}' is missing" if absent else ""
            raise StudyError(
                f"{where}: {len(names)} class folders, {classes} are expected{which}; complete the data set"
            )
        classes_of[folder] = names
    first, *others = classes_of
    for folder in others:
        if differ := set(classes_of[first]) ^ set(classes_of[folder]):
            here, other = (first, folder) if min(differ) in classes_of[folder] else (folder, first)
            raise StudyError(f"{root / here / min(differ)}: no such class folder, and {root / other} has it; add it")
    return classes_of[first]


def _check_counts(
    root: Path, folders: Mapping[str, str], counts: Mapping[str, int], pictures: Mapping[str, Sequence[str]]
) -> None:
    for split, expected in counts.items():
        if split not in pictures:
            raise StudyError(f"counts.{split}: there is {', '.join(pictures)} to count; correct the key")
        if len(pictures[split]) != expected:
            where = root / folders.get(split, folders.get(ALL, ""))
            how = "the copy is not whole, or of another version; get it anew"
            raise StudyError(f"{where}: {len(pictures[split]):,} pictures in {split}, {expected:,} are expected; {how}")


def _cut(shares: Mapping[str, float], splits: Mapping[str, list[str]], cluster: str | None) -> dict[str, list[str]]:
    """Return the splits, with those that `shares` cut from train; a cluster stays whole."""
    check_shares(shares)
    if listed := set(shares) & set(splits):
        raise StudyError(f"shares.{min(listed)}: this split has a list or folder; leave out one of the two keys")
    if "train" not in splits:
        raise StudyError("lists.train: shares are cut from train; name one or leave out `shares`")
    cut = splits | {"train": []} | {split: [] for split in shares}
    for path in splits["train"]:
        cut[split_of(cluster_of(path, cluster) if cluster else path, shares)].append(path)
    if not leaves_train(shares):
        del cut["train"]
    return cut


def _read_lists(root: Path, folder: str, lists: Mapping[str, str]) -> tuple[list[str], dict[str, list[str]]]:
    # Three parts and no "..": so no line reaches out of the data set. All but the label may hold spaces.
    form = re.compile(rf"({re.escape(folder)}/(?!\.\.?/)([^/]+)/[^/]+) ([0-9]+)")
    splits: dict[str, list[str]] = {}
    line_of: dict[str, str] = {}
    class_of: dict[int, str] = {}
    label_of: dict[str, int] = {}
    for split, pattern in lists.items():
        splits[split] = []
        for line_name, line in _lines(root, split, pattern.replace("{domain}", folder)):
            if not (match := form.fullmatch(line)):
                pattern = f"'{folder}/<class>/<picture> <label>', relative to {root}"
                raise StudyError(f"{line_name}: {line!r} is not {pattern}; correct the line")
            path, class_folder, label = match[1], match[2], int(match[3])
            if path in line_of:
                raise StudyError(f"{line_name}: {path} is already in {line_of[path]}; delete one of the two lines")
            if class_of.setdefault(label, class_folder) != class_folder:
                other = f"label {label} is '{class_of[label]}' before"
                raise StudyError(f"{line_name}: {other}, '{class_folder}' here; correct one of them")
            if label_of.setdefault(class_folder, label) != label:
                other = f"'{class_folder}' has label {label_of[class_folder]} before"
                raise StudyError(f"{line_name}: {other}, {label} here; correct one of them")
            line_of[path] = line_name
            splits[split].append(path)
    if (top := max(class_of)) >= len(class_of):
        first = next(name for path, name in line_of.items() if path.split("/")[-2] == class_of[top])
        raise StudyError(f"{first}: label {top} is out of range; number the {len(class_of)} classes from 0 without gap")
    return [class_of[label] for label in range(len(class_of))], splits


def _lines(root: Path, split: str, listed: str) -> list[tuple[str, str]]:
    """Return the lines of a list file, each with its name, `file:number`."""
    file = root / listed
    if Path(listed).is_absolute() or ".." in Path(listed).parts:
        raise StudyError(f"lists.{split}: {listed} leaves {root}; name a file below it")
    if not file.is_file():
        raise StudyError(f"{file}: no such list; put it there or correct `lists.{split}`")
    # Python decodes bytes that are not UTF-8 as it does in file names, so the check of names sees them.
    text = file.read_text(encoding="utf-8", errors="surrogateescape")
    return [(f"{file}:{number}", line) for number, line in enumerate(text.removesuffix("\n").split("\n"), 1)]
