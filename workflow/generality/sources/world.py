"""What the sources have in common that write a data set from a seed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from generality.sources.base import DataSource

if TYPE_CHECKING:
    from generality.plan.study import Study


class World(DataSource):
    """Data of several families, written from the world of a seed."""

    is_world = True
    families: Mapping[str, Sequence[str]]  # the domains of each

    def domains(self, settings: Mapping) -> list[str]:
        return list(self.families[settings["family"]])

    def arguments(self, study: "Study", name: str, domain: str, split: str) -> dict:
        settings = study.data_settings(name)
        # Without the counts of the other splits: more test examples must not train anything anew.
        shared = {key: settings[key] for key in ("family", "size", "seed") if key in settings}
        return shared | {"count": settings["counts"][split], "domain": domain, "split": split}
