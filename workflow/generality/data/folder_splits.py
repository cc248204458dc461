"""Which pictures of an image folder belong to which split: list files, shares by a hash, or all of them."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from generality.data.shares import check_shares, split_of

SUFFIXES = (".jpg", ".jpeg", ".png")


def find_splits(
    root: Path,
    domain: str,
    lists: Mapping[str, str] | None,
    shares: Mapping[str, float] | None,
    classes: Sequence[str] | None,
) -> tuple[list[str], dict[str, list[str]]]:
    """The class folders in the order of their labels, and each split's pictures as paths relative to `root`.

    The arguments are those of `image_folder.decode`. Raises ValueError for folders that are missing or empty, for
    lists that are missing, malformed, contradict themselves or reach out of `root`, and for impossible shares.
    """
    if not root.is_dir():
        raise ValueError(f"{root}: no such folder; let `root` name the folder of the data set")
    if not (root / domain).is_dir():
        there = ", ".join(_folders(root)) or "no folder at all"
        raise ValueError(f"{root / domain}: no such domain; {root} has {there}")
    if lists is None:
        order, pictures = _scan(root, domain, classes)
        splits = {"test" if shares is None else "train": pictures}
    elif classes is None:
        order, splits = _read_lists(root, domain, lists)
    else:
        raise ValueError("classes: the labels in `lists` give the order already; leave out one of the two keys")
    if odd := [path for path in chain(*splits.values()) if not path.isprintable()]:
        # The ids of an image set are lines of UTF-8.
        raise ValueError(f"{root}: {odd[0]!r} has characters that do not print ({len(odd)} such pictures); rename it")
    if shares is not None:
        _check_shares(shares, splits)
        train, splits["train"] = splits["train"], []
        splits |= {split: [] for split in shares}
        for path in train:
            splits[split_of(path, shares)].append(path)
    return order, splits


def _folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _scan(root: Path, domain: str, classes: Sequence[str] | None) -> tuple[list[str], list[str]]:
    there = _folders(root / domain)
    if not there:
        raise ValueError(f"{root / domain}: no class folder; pictures belong into <root>/<domain>/<class>/")
    order = there if classes is None else list(classes)
    pictures = []
    for class_folder in order:
        folder = root / domain / class_folder
        if class_folder not in there:
            raise ValueError(f"{folder}: no such class folder; correct `classes` or add the folder")
        names = [path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
        if not (names := sorted(name for name in names if not name.startswith("."))):
            raise ValueError(f"{folder}: no {', '.join(SUFFIXES)} file; add pictures or delete the folder")
        pictures += [f"{domain}/{class_folder}/{name}" for name in names]
    return order, pictures


def _read_lists(root: Path, domain: str, lists: Mapping[str, str]) -> tuple[list[str], dict[str, list[str]]]:
    # Three parts and no "..": no line reaches out of the data set. All but the label may hold spaces.
    form = re.compile(rf"({re.escape(domain)}/(?!\.\.?/)([^/]+)/[^/]+) ([0-9]+)")
    splits: dict[str, list[str]] = {}
    line_of: dict[str, str] = {}
    class_of: dict[int, str] = {}
    label_of: dict[str, int] = {}
    for split, pattern in lists.items():
        splits[split] = []
        for line_name, line in _lines(root, split, pattern.replace("{domain}", domain)):
            if not (match := form.fullmatch(line)):
                wanted = f"'{domain}/<class>/<picture> <label>', relative to {root}"
                raise ValueError(f"{line_name}: {line!r} is not {wanted}; correct the line")
            path, class_folder, label = match[1], match[2], int(match[3])
            if path in line_of:
                raise ValueError(f"{line_name}: {path} is already in {line_of[path]}; delete one of the two lines")
            if class_of.setdefault(label, class_folder) != class_folder:
                other = f"label {label} is '{class_of[label]}' before"
                raise ValueError(f"{line_name}: {other}, '{class_folder}' here; correct one of them")
            if label_of.setdefault(class_folder, label) != label:
                other = f"'{class_folder}' has label {label_of[class_folder]} before"
                raise ValueError(f"{line_name}: {other}, {label} here; correct one of them")
            line_of[path] = line_name
            splits[split].append(path)
    if (top := max(class_of)) >= len(class_of):
        first = next(name for path, name in line_of.items() if path.split("/")[-2] == class_of[top])
        raise ValueError(f"{first}: label {top} is out of range; number the {len(class_of)} classes from 0 without gap")
    return [class_of[label] for label in range(len(class_of))], splits


def _lines(root: Path, split: str, listed: str) -> list[tuple[str, str]]:
    """The lines of a list file, each with its name, `file:number`."""
    file = root / listed
    if Path(listed).is_absolute() or ".." in Path(listed).parts:
        raise ValueError(f"lists.{split}: {listed} leaves {root}; name a file below it")
    if not file.is_file():
        raise ValueError(f"{file}: no such list; put it there or correct `lists.{split}`")
    # Bytes that are not UTF-8 become what they become in file names, so the check of names sees them.
    text = file.read_text(encoding="utf-8", errors="surrogateescape")
    return [(f"{file}:{number}", line) for number, line in enumerate(text.removesuffix("\n").split("\n"), 1)]


def _check_shares(shares: Mapping[str, float], splits: Mapping[str, Sequence[str]]) -> None:
    check_shares(shares)
    if listed := set(shares) & set(splits):
        raise ValueError(f"shares.{min(listed)}: this split has a list; leave out one of the two keys")
    if "train" not in splits:
        raise ValueError("lists.train: shares are cut from the train list; name one or leave out `shares`")
