"""Join labelled image sets into one captioned set for contrastive pre-training."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from generality.data.image_set import new_image_set, open_image_set
from generality.data.pictures.class_names import in_prompt
from generality.data.pictures.resizing import resized
from generality.errors import StudyError


def caption(
    folder: str | Path, *, sets: Mapping[str, str | Path], phrases: Mapping[str, Sequence[str]], seed: int
) -> None:
    """Join the image sets `sets`, {"<set>/<domain>": folder}, into the captioned image set `folder`.

    A picture's caption is one of `phrases["<set>/<domain>"]`, or else of `phrases["default"]`, with its class for
    "{}". The choice depends on `seed` and the picture's id alone. Ids gain "<set>/<domain>/" in front. Classes of one
    name become one class; the first occurrences of the names give the order.

    Raises StudyError for phrases that are missing, name no set or have no "{}", and for sets of unequal size or of
    different resizing.
    """
    if unknown := set(phrases) - {"default", *sets}:
        raise StudyError(f"phrases.{min(unknown)}: no such data set; there are {', '.join(sets)}, and default")
    for name, templates in phrases.items():
        if not templates or not all("{}" in text and text.isprintable() for text in templates):
            raise StudyError(f"phrases.{name}: give one or more phrases, each one line with {{}} for the class")
    parts = {name: open_image_set(path) for name, path in sets.items()}
    sizes = {name: part.manifest["size"] for name, part in parts.items()}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise StudyError(f"{folder}: data sets of unequal size ({listed} pixels); give them one `size`")
    ways = [way for part in parts.values() if (way := resized(part.manifest["source"]))]
    if different := [key for way in ways for key in way if way[key] != ways[0][key]]:
        raise StudyError(f"{folder}: data sets of unequal `{different[0]}`; give them one")

    label_of: dict[str, int] = {}
    labels, ids, captions = [], [], []
    for name, part in parts.items():
        templates = phrases.get(name) or phrases.get("default")
        if templates is None:
            raise StudyError(f"phrases.{name}: missing, and so is phrases.default; add one of them")
        for text in part.classes:
            label_of.setdefault(text, len(label_of))
        for example, label in zip(part.ids, part.labels, strict=True):
            text = part.classes[label]
            ids.append(f"{name}/{example}")
            labels.append(label_of[text])
            number = int.from_bytes(sha256(f"{seed}/{ids[-1]}".encode()).digest()[:8], "big")
            captions.append(templates[number % len(templates)].replace("{}", in_prompt(text)))

    recorded = [
        {"data": name, "source": part.manifest["source"], "sha256": part.manifest["sha256"]}
        for name, part in parts.items()
    ]
    source = {"kind": "captioned", "seed": seed, "phrases": phrases, "parts": recorded}
    with new_image_set(folder, next(iter(sizes.values())), labels, ids, list(label_of), source, captions) as images:
        start = 0
        for part in parts.values():
            images[start : start + len(part)] = part.images
            start += len(part)
