"""Cost against size: examples, settings, seeds and α of the two tiny studies in one are doubled in turn, twice.

With linear growth the second doubling adds twice what the first did; each size is run once. A figure shows wall time.
"""

from collections.abc import Callable

import matplotlib.pyplot as plt

from bench.pairs import Context, Row
from bench.studies import new_project, run
from workflows import ROOT, both, write_talk

FACTORS = (1, 2, 4)
FIGURE = ROOT / "reports" / "growth.png"
MOST = 2.2  # a tenth beyond linear: two runs of the same study differ by some percent


def examples(study: dict, factor: int) -> None:
    """Of every generated set."""
    for settings in study["data"].values():
        if counts := settings.get("counts"):
            settings["counts"] = {split: 4 * factor * count for split, count in counts.items()}


def settings(study: dict, factor: int) -> None:
    """λ of distillation."""
    for experiment in study["experiments"].values():
        experiment["methods"]["kd"] = {"lambda": [10.0**-power for power in range(1, 2 * factor + 1)]}


def seeds(study: dict, factor: int) -> None:
    study["seeds"] = list(range(1, factor + 1))


def alphas(study: dict, factor: int) -> None:
    count = 16 * factor
    for experiment in study["experiments"].values():
        experiment["methods"]["wise"] = {"alpha": [round((one + 1) / (count + 1), 6) for one in range(count)]}


GROWING: dict[str, Callable[[dict, int], None]] = {
    "examples": examples, "settings": settings, "seeds": seeds, "α": alphas,
}  # fmt: skip


def rows(context: Context) -> list[Row]:
    made, walls = [], {}
    for name, grow in GROWING.items():
        costs = []
        for factor in FACTORS:
            study = both()
            grow(study, factor)
            project = new_project(context.folder / f"{name}-{factor}")
            write_talk(project)
            costs.append(run(project, study=study))
        walls[name] = [cost.wall for cost in costs]
        small, middle, large = (cost.cpu for cost in costs)
        work = f"{name} doubled twice: CPU time {small:.0f}, {middle:.0f}, {large:.0f} s"
        made.append(Row(work, "s", [large - middle], "the first doubling", f"≤ {MOST}", [middle - small]))
    draw(walls)
    return made


def draw(walls: dict[str, list[float]]) -> None:
    """Wall time against size, a line for each, from zero: what grows linearly is straight."""
    figure, ax = plt.subplots(figsize=(5, 3.5), layout="constrained")
    for name, seconds in walls.items():
        ax.plot(FACTORS, seconds, marker="o", label=name)
    ax.set(
        xlabel="Size, as a multiple of the smallest",
        ylabel="Wall time (s)",
        xticks=FACTORS,
        ylim=(0, None),
        xlim=(0, None),
    )
    ax.legend(title="What grows", frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    FIGURE.parent.mkdir(exist_ok=True)
    figure.savefig(FIGURE, dpi=150)
    plt.close(figure)
