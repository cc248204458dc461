"""Texts about a world that is written from a seed."""

from collections.abc import Mapping

from generality.data.text_world import FAMILIES, FORMS, splits
from generality.sources.base import DataSource, Problems
from generality.sources.keys import by_split, choice, ref


class Source(DataSource):
    """Texts about a written world, its medicine, its common sense and its people; nothing is downloaded."""

    track = "language"
    order = 1
    is_world = True
    maker = "generality.data.text_world.world:write_texts"
    required = ("family", "seed", "counts")
    keys = {
        "family": choice(
            "Kind of texts: medical, common-sense and instruction stand in for the paper's data sets, one domain each; "
            "corpus has the one domain `all`, for pre-training.",
            *FAMILIES,
        ),
        "seed": ref("seed", "Seed of the world; the seeds of the study do not change it."),
        "counts": by_split(
            "Examples per domain in each split. The corpus has a train split only.", ref("count"), "Examples"
        ),
    }

    def problems(self, path: str, settings: Mapping, data: Mapping) -> Problems:
        family = settings["family"]
        for split in settings["counts"]:
            if split not in splits(family):
                yield f"{path}.counts.{split}", f"the family {family} has no such split; delete this key"

    def domains(self, settings: Mapping) -> list[str]:
        return list(FAMILIES[settings["family"]])

    def form(self, settings: Mapping, domain: str) -> str:
        return FORMS[settings["family"]]
