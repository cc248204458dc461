"""Names of class folders: tables of names, ImageNet's numbers, and ObjectNet's own mapping to ImageNet."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from generality.data.records.text_file import read_text
from generality.errors import StudyError
from generality.storage.files import read_json

MARK = re.compile(r" \[n\d{8}\]$")  # a WordNet id; other brackets are part of a name
FOLDERS, GROUPS = "folder_to_objectnet_label.json", "objectnet_to_imagenet_1k.json"
NUMBERS, LABELS = "pytorch_to_imagenet_2012_id.json", "imagenet_to_label_2012_v2"


def in_prompt(name: str) -> str:
    """Return a class's name for a sentence: without the mark that tells it from another class of that name.

    Two pairs of ImageNet's classes share a name ("missile", "sunglasses"). Their logits differ once a model is
    fine-tuned, so they are "missile [n03773504]" and "missile [n04008634]" wherever classes are compared.
    """
    return MARK.sub("", name)


def read_class_names(path: str | Path) -> dict[str, str]:
    """Return the classes of a CSV file `folder,name`, in the order of their labels: names by folder.

    Raises StudyError for a file that is missing or has other columns, and for a folder or name that is empty or occurs
    twice.
    """
    try:
        rows = list(csv.DictReader(read_text(path).splitlines(), strict=True))
    except csv.Error as error:
        raise StudyError(f"{path}: not a table of classes ({error}); its lines have to be folder,name") from None
    if not rows or set(rows[0]) != {"folder", "name"}:
        raise StudyError(f"{path}: not a table of classes; its first line has to be folder,name")
    for line, row in enumerate(rows, 2):
        if None in row:
            raise StudyError(f"{path}:{line}: more than a folder and a name; put a name with a comma in quotes")
    for key in ("folder", "name"):
        values = [row[key] for row in rows]
        for line, value in enumerate(values, 2):
            if not value or values.count(value) > 1:
                raise StudyError(f"{path}:{line}: the {key} '{value}' is empty or there twice; correct it")
    return {row["folder"]: row["name"] for row in rows}


def read_objectnet(folder: str | Path, names: Sequence[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return ObjectNet's classes that ImageNet has too: labels by class folder, and ImageNet classes by label.

    `folder` is the folder `mappings` of the release; `names` are ImageNet's 1,000 classes in the order of their labels.
    Raises StudyError for files that are missing or do not fit together.
    """
    folder = Path(folder)
    label_of, group_of, number_of = (read_json(folder / name) for name in (FOLDERS, GROUPS, NUMBERS))
    for file, content, kind in ((FOLDERS, label_of, str), (GROUPS, group_of, str), (NUMBERS, number_of, int)):
        for key, value in content.items():
            if not isinstance(value, kind):
                raise StudyError(f"{folder / file}: '{key}' leads to {value!r}; get the release anew")
    lines = [line.strip() for line in read_text(folder / LABELS).splitlines()]
    place_of = {number: place for place, number in number_of.items()}  # among the sorted wnids
    folder_of = {label: name for name, label in label_of.items()}
    labels, groups = {}, {}
    for label, listed in group_of.items():
        if label not in folder_of:
            raise StudyError(f"{folder / FOLDERS}: no folder has the label '{label}' of {GROUPS}; get the release anew")
        groups[label] = []
        for synset in listed.split("; "):
            if lines.count(synset) != 1 or (number := lines.index(synset)) not in place_of:
                raise StudyError(f"{folder / GROUPS}: '{synset}' is not one line of {LABELS}; get the release anew")
            place = place_of[number]
            if not place.isdecimal() or int(place) >= len(names):
                raise StudyError(f"{folder / NUMBERS}: '{place}' is none of {len(names)} classes; get the release anew")
            groups[label].append(names[int(place)])
        labels[folder_of[label]] = label
    return dict(sorted(labels.items())), groups
