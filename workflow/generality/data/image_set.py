"""The canonical form of pictures: decoded once, then memory-mapped by every reader."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generality.data.spread import places
from generality.errors import StudyError
from generality.storage.files import read_json, sha256, whole_folder, write_json

IMAGES, LABELS, IDS, CAPTIONS, MANIFEST = "images.npy", "labels.npy", "ids.txt", "captions.txt", "manifest.json"
ASPECTS = "aspects.npy"


@dataclass(frozen=True)
class ImageSet:
    """One domain and split of an image data set.

    `images` is a read-only memory map, uint8 of shape (n, height, width, 3). `labels` is int64 of shape (n,) and
    indexes `classes`. `ids` names each example for good, so that the rows of two models can be paired. `captions` is
    empty for sets that are not for pre-training. `aspects`, float32 of shape (n,), is the width of each original
    picture divided by its height in sets of whole pictures; others have none.
    """

    images: np.ndarray
    labels: np.ndarray
    ids: list[str]
    captions: list[str]
    manifest: dict
    aspects: np.ndarray | None = None

    @property
    def classes(self) -> list[str]:
        return self.manifest["classes"]

    @property
    def clusters(self) -> list[str] | None:
        """Return the cluster of each picture, None where each is its own: pictures of one cluster may err together."""
        pattern = self.manifest["source"].get("cluster")
        return [cluster_of(name, pattern) for name in self.ids] if pattern else None

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, limit: int | None) -> "ImageSet":
        """Return at most `limit` of its pictures, evenly spread and without captions; for None, the set itself."""
        if (rows := places(len(self), limit)) is None:
            return self  # the pictures stay on the disk; a copy would load them
        return ImageSet(self.images[rows], self.labels[rows], [self.ids[row] for row in rows], [], self.manifest)


def cluster_of(name: str, pattern: str) -> str | None:
    """Return the cluster of a picture, which the one group of `pattern` holds; None or "" if it names none."""
    found = re.search(pattern, name)
    return found and found[1]


@contextmanager
def new_image_set(
    folder: str | Path,
    size: int,
    labels: Sequence[int],
    ids: Sequence[str],
    classes: Sequence[str],
    source: dict,
    captions: Sequence[str] = (),
    begun: Path | None = None,
    files: dict | None = None,
    aspects: np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """Create an image set; the block fills the yielded uint8 memory map of shape (n, size, size, 3).

    With `begun`, a folder on the same disk, the map lies there until the block succeeds. A later call continues it.

    `source` (where the pictures are from: kind, name, licence, seed, …) goes into the manifest, beside the counts of
    each class and the checksum of each file. `files` says what became of the files that the pictures are read from. It
    goes into the manifest, too, and the block may add to it. The block may also fill `aspects` (see `ImageSet`).

    Raises StudyError for a label outside the classes, an id that occurs twice, or captions that are not one line a
    picture; and OSError at once if the disk is too full.
    """
    labels = np.asarray(labels, dtype=np.int64)
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
        raise StudyError(f"{folder}: labels {labels.min()}..{labels.max()} do not fit {len(classes)} classes")
    counts = np.bincount(labels, minlength=len(classes))
    if len(set(ids)) != len(labels) or (captions and len(captions) != len(labels)):
        raise StudyError(f"{folder}: every picture needs one id of its own, and one caption where there are captions")
    if len(" ".join(captions).splitlines()) > 1:
        raise StudyError(f"{folder}: a caption has more than one line")
    with whole_folder(folder) as partial:
        yield (images := _open_map((begun or partial) / IMAGES, (len(labels), size, size, 3)))
        images.flush()
        if begun:
            (begun / IMAGES).rename(partial / IMAGES)
        np.save(partial / LABELS, labels)
        (partial / IDS).write_text("".join(f"{name}\n" for name in ids), encoding="utf-8")
        if aspects is not None:
            np.save(partial / ASPECTS, aspects)
        if captions:
            (partial / CAPTIONS).write_text("".join(f"{text}\n" for text in captions), encoding="utf-8")
        names = sorted(path.name for path in partial.iterdir())
        manifest = {
            "source": source,
            **({"files": files} if files else {}),
            "count": len(labels),
            "size": size,
            "classes": list(classes),
            "class_counts": counts.tolist(),
            "sha256": {name: sha256(partial / name) for name in names},
        }
        write_json(partial / MANIFEST, manifest)


def _open_map(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Return the memory map at `path` if it has that shape, else a new one."""
    with suppress(FileNotFoundError, ValueError):
        images = np.lib.format.open_memmap(path, mode="r+")
        if images.shape == shape and images.dtype == np.uint8:
            return images
    images = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    with open(path, "rb+") as file:
        # Reserve the space now. The map is sparse, and a disk that fills up later kills the process without a word.
        os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size)
    return images


def open_image_set(folder: str | Path) -> ImageSet:
    """Open an image set without reading its pictures; raise StudyError, naming the file, for a damaged one."""
    folder = Path(folder)
    manifest = read_json(folder / MANIFEST, "source", "count", "size", "classes", "sha256")
    try:
        images = np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False)
        labels = np.load(folder / LABELS, allow_pickle=False)
        aspects = np.load(folder / ASPECTS, allow_pickle=False) if ASPECTS in manifest["sha256"] else None
        ids = (folder / IDS).read_text(encoding="utf-8").splitlines()
        has_captions = CAPTIONS in manifest["sha256"]
        captions = (folder / CAPTIONS).read_text(encoding="utf-8").splitlines() if has_captions else []
    except (EOFError, OSError, ValueError) as error:
        raise _damaged(folder, error) from None
    # Check all files but the pictures: those are too many to be read through each time.
    for name, checksum in manifest["sha256"].items():
        if name != IMAGES and sha256(folder / name) != checksum:
            raise _damaged(folder / name, "it is not what its manifest describes")
    counts = {len(labels), len(ids), len(captions) or len(ids), len(ids if aspects is None else aspects)}
    shape = (manifest["count"], manifest["size"], manifest["size"], 3)
    if counts != {manifest["count"]} or images.shape != shape or images.dtype != np.uint8:
        raise _damaged(folder, "counts differ")
    return ImageSet(images, labels, ids, captions, manifest, aspects)


def _damaged(path: Path, why: object) -> StudyError:
    return StudyError(f"{path}: damaged image set ({why}); delete the folder and run its stage again")
