"""Pictures of other data sets with captions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from generality.config.images import member, one_size
from generality.config.names import known
from generality.sources.base import DataSource, Problems
from generality.sources.keys import listing, mapping, ref

if TYPE_CHECKING:
    from generality.plan.study import Study


class Source(DataSource):
    """The pictures of other data sets with a caption each, to pre-train a model on."""

    track = "vision"
    order = 3
    stage = "prepare"
    maker = "generality.data.pictures.captioned:caption"
    required = ("of", "phrases", "seed")
    keys = {
        "of": listing("The data sets whose train splits are captioned, put together in this order.", ref("data_name")),
        "phrases": mapping(
            'Captions to draw from, by data set ("set/domain"); `default` is for the data sets that are not named. {} '
            "stands for the class.",
            {
                "description": "A data set of `of`, or default.",
                "title": "default or a domain of a data set, written set/domain",
                "pattern": r"^(default|[a-z0-9][a-z0-9_-]*/[a-z0-9][a-z0-9_-]*)$(?!\n)",
            },
            listing("Captions of one data set, each as likely as the others.", ref("phrase")),
        ),
        "seed": ref("seed", "Seed of the drawing of captions."),
    }

    def problems(self, path: str, settings: Mapping, data: Mapping) -> Problems:
        phrases = settings["phrases"]
        for index, name in enumerate(settings["of"]):
            yield from member(f"{path}.of[{index}]", name, ["train"], data)
            if name not in phrases and "default" not in phrases:
                yield f"{path}.phrases", f"there are none for '{name}'; add some, or some for `default`"
        for name in phrases:
            yield from known(f"{path}.phrases.{name}", name, [*settings["of"], "default"], "data set in `of`")
        yield from one_size(f"{path}.of", settings["of"], data)

    def made_of(self, settings: Mapping) -> list[str]:
        return settings["of"]

    def splits(self, settings: Mapping, domain: str) -> set[str]:
        return {"train"}

    def form(self, settings: Mapping, domain: str) -> str:
        return "captions"

    def arguments(self, study: "Study", name: str, domain: str, split: str) -> dict:
        settings = study.data_settings(name)
        return {"sets": study.made_of(name)} | {key: settings[key] for key in ("phrases", "seed")}
