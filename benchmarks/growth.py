"""Measure cost against size: double the examples, settings, seeds and α of the two tiny studies in one, each twice.

With linear growth the second doubling adds twice as much as the first. The smallest sizes are chosen so that the
growing part takes as long as the rest; else a machine whose speed drifts by a tenth would hide it. Each size runs
twice, from small to large and back, as two rounds: five would take an hour. A figure shows wall time.
"""

from collections.abc import Callable, Iterable
from statistics import mean

import matplotlib.pyplot as plt

from benchmarks.pairs import Context, Row, minus
from benchmarks.studies import Cost, new_project, run
from generality.report.style import paper_style, save
from workflows import ROOT, both, write_talk

FACTORS = (1, 2, 4)
FIGURE = ROOT / "reports" / "growth.png"
PICTURES = 4  # pictures are learnt faster, and texts are limited: piqa's test has 612, of which 576 are taken
MOST = 2.2  # a tenth beyond linear: two runs of the same study differ by some percent


def examples(study: dict, count: int) -> None:
    """Multiply the examples of every generated set by `count`, and of picture sets by `PICTURES` too."""
    for settings in study["data"].values():
        if counts := settings.get("counts"):
            times = count * (PICTURES if settings["source"] == "picture_world" else 1)
            settings["counts"] = {split: times * number for split, number in counts.items()}


def settings(study: dict, count: int) -> None:
    """Give distillation `count` values of λ."""
    for experiment in study["experiments"].values():
        experiment["methods"]["kd"] = {"lambda": _between_0_and_1(count)}


def seeds(study: dict, count: int) -> None:
    study["seeds"] = {"pretraining": list(range(1, count + 1)), "finetuning": [1]}


def alphas(study: dict, count: int) -> None:
    for experiment in study["experiments"].values():
        experiment["methods"]["wise"] = {"alpha": _between_0_and_1(count)}


def _between_0_and_1(count: int) -> list[float]:
    return [round((one + 1) / (count + 1), 6) for one in range(count)]


# The functions that grow a study, each with its smallest count.
GROWING: dict[str, tuple[Callable[[dict, int], None], int]] = {
    "times its examples": (examples, 6), "settings": (settings, 16), "seeds": (seeds, 4), "α": (alphas, 64),
}  # fmt: skip


def rows(context: Context) -> list[Row]:
    comparisons, walls = [], {}
    for name, (grow, first) in GROWING.items():
        counts = [factor if context.tiny else first * factor for factor in FACTORS]
        costs: dict[int, list[Cost]] = {count: [] for count in counts}
        for count in [*counts, *reversed(counts)]:
            study = both()
            grow(study, count)
            project = new_project(context.folder / f"{grow.__name__}-{count}-{len(costs[count])}")
            write_talk(project)
            costs[count].append(run(project, study=study))
        walls[f"{counts[0]} to {counts[-1]} {name}"] = [mean(cost.wall for cost in each) for each in costs.values()]
        small, middle, large = ([cost.cpu for cost in each] for each in costs.values())
        cpu = [f"{mean(each):.0f} s" for each in (small, middle, large)]
        work = f"a tiny study of both tracks, {_listed(counts)} {name}: CPU time {_listed(cpu)}; the second doubling"
        comparisons.append(
            Row(work, "s", minus(large, middle), "the first doubling", f"≤ {MOST}", minus(middle, small))
        )
    draw(walls)
    return comparisons


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def draw(walls: dict[str, list[float]]) -> None:
    """Draw wall time against size from zero, one line for each thing that grows; linear growth is a straight line."""
    with paper_style():
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
        FIGURE.parent.mkdir(exist_ok=True)
        save(figure, [FIGURE])
        plt.close(figure)
