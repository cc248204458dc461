"""Map each class of a scored data set to the classifier's classes that count as it."""

from collections.abc import Mapping
from pathlib import Path

from generality.data.image_set import ImageSet, open_image_set
from generality.errors import StudyError
from generality.storage.files import write_text


def class_groups(data: ImageSet, classes: list[str], what: str) -> list[list[int]]:
    """Return, for each class of a data set, the numbers of the model's classes that count as it.

    A set over part of the model's classes (ImageNet-R and -A) names them as the model does. A set with classes of its
    own (ObjectNet) has `class_groups` in its manifest, and a class's score is the maximum over its group.

    Raises StudyError for a class that the model does not have, and for a set of one class, where every answer is right.
    """
    if len(data.classes) < 2:
        raise StudyError(f"{what}: '{data.classes[0]}' is its only class, and every answer is right; leave the set out")
    index = {name: i for i, name in enumerate(classes)}
    groups = data.manifest["source"].get("class_groups") or {name: [name] for name in data.classes}
    try:
        return [[index[name] for name in groups[class_name]] for class_name in data.classes]
    except KeyError as error:
        raise StudyError(
            f"{what}: the model has no class {error}; check the set's `classes` or `class_groups`"
        ) from None


def check_classes(output: str | Path, *, train: str | Path, sets: Mapping[tuple[str, str], str | Path]) -> None:
    """Check that a classifier of the classes of `train` can be scored on all sets, and write a line for each.

    `sets` maps (data name, split) to an image-set folder. Raises StudyError as `class_groups` does.
    """
    classes, lines = open_image_set(train).classes, []
    for (data, split), folder in sets.items():
        groups = class_groups(open_image_set(folder), classes, name := f"{data}/{split}")
        lines.append(f"{name}: {len(groups)} classes, {len(set().union(*groups))} of the model's {len(classes)}\n")
    write_text(output, "".join(lines))
