"""Pictures of a world that is drawn from a seed."""

from collections.abc import Mapping

from generality.data.picture_world import CAPTIONS, FAMILIES
from generality.sources.base import DataSource, Problems
from generality.sources.keys import by_split, choice, ref


class Source(DataSource):
    """Rendered pictures of simple objects in several styles; nothing is downloaded."""

    track = "vision"
    order = 1
    is_world = True
    maker = "generality.data.picture_world.world:render"
    required = ("family", "seed", "size", "counts")
    keys = {
        "family": choice(
            "Objects and styles: domainnet and imagenet stand in for the data sets of those names, domain by "
            "domain; web draws the objects of both in all styles with web-like captions, for pre-training.",
            *FAMILIES,
        ),
        "seed": ref("seed", "Seed of the pictures; the seeds of the study do not change them."),
        "size": ref("size"),
        "counts": by_split(
            "Pictures per domain in each split. A captioned family (web) has a train split only.",
            ref("count"),
            "Pictures",
        ),
        "captions": choice(
            "Captions of a captioned family: web (the default) names a look-alike or something else now and then, as "
            "the web does; clean always names the thing shown, and nothing else. The pictures are the same.",
            *CAPTIONS,
        ),
    }

    def problems(self, path: str, settings: Mapping, data: Mapping) -> Problems:
        if settings["family"] != "web":
            if "captions" in settings:
                yield f"{path}.captions", "only the family web has captions; delete this key"
        else:
            for split in settings["counts"]:
                if split != "train":
                    yield f"{path}.counts.{split}", "a captioned family has a train split only; delete this key"

    def domains(self, settings: Mapping) -> list[str]:
        return list(FAMILIES[settings["family"]])

    def form(self, settings: Mapping, domain: str) -> str:
        return "captions" if settings["family"] == "web" else "classes"
