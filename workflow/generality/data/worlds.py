"""Check that a model and a data set are from the same generated world."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from generality.errors import StudyError


def same_world(sources: Iterable[Mapping], manifest: Mapping, folder: str | Path) -> None:
    """Raise StudyError where a model that was pre-trained in one generated world meets data of another.

    `sources` are those that the model learnt from; `manifest` is that of the data set in `folder`. A source
    without fingerprint was not generated, and goes with every world.
    """
    fingerprints = {source["fingerprint"] for source in sources if "fingerprint" in source}
    fingerprint = manifest["source"].get("fingerprint")
    if fingerprint and fingerprints and fingerprint not in fingerprints:
        raise StudyError(
            f"{folder}: of another world than what the model was pre-trained on; give all generated data sets of the "
            "study the same `seed` and run their stages again"
        )
