"""Compare the scores of two runs of one study, such as before and after a speed-up: does each stay in its interval?

python -m benchmarks.scores BEFORE AFTER --figure FILE
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from generality.report.style import paper_style, save

KEY = ["experiment", "method", "setting", "data", "metric"]
LOSS = "nll"  # in nats; all other metrics are shares


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scores", description=__doc__)
    parser.add_argument("before", type=Path, help="folder of a finished study, which has results/")
    parser.add_argument("after", type=Path, help="another of the same study")
    parser.add_argument("--figure", type=Path, help="picture to draw, each score before against after")
    args = parser.parse_args()
    scores = paired(read(args.before), read(args.after))
    print(table(scores))
    if args.figure:
        draw(scores, args.figure)


def read(project: Path) -> pd.DataFrame:
    """Return the test scores of a study's models, mean of seeds: value, low and high by `KEY`."""
    tables = sorted(project.glob("results/*/*/scores.csv"))
    if not tables:
        raise SystemExit(f"error: {project}: has no results/<study>/<experiment>/scores.csv; run the study there")
    scores = pd.concat(map(pd.read_csv, tables))
    chosen = scores[(scores["split"] == "test") & (scores["seed"] == "mean")]
    return chosen.set_index(KEY)[["value", "low", "high"]]


def paired(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Join both tables by columns "_before" and "_after", and add "within": each value is in the other's interval."""
    if lacking := len(before.index.symmetric_difference(after.index)):
        raise SystemExit(f"error: {lacking} scores are in one study only; compare two of the same configuration")
    scores = pd.concat([before.add_suffix("_before"), after.add_suffix("_after")], axis=1)
    runs = [("before", "after"), ("after", "before")]
    inside = [scores[f"value_{one}"].between(scores[f"low_{other}"], scores[f"high_{other}"]) for one, other in runs]
    return scores.assign(within=inside[0] & inside[1])


def table(scores: pd.DataFrame) -> str:
    """Return a Markdown table with a row for each metric of each experiment."""
    lines = ["| scores | how many | within | after − before, mean | the largest |", "|---|---|---|---|---|"]
    for (experiment, metric), group in scores.groupby(["experiment", "metric"]):
        change = group["value_after"] - group["value_before"]
        change, unit = (change, "nats") if metric == LOSS else (100 * change, "points")
        largest = change.loc[change.abs().idxmax()]
        lines.append(
            f"| {experiment}, {metric} | {len(group)} | {group['within'].mean():.0%} | {change.mean():+.2f} {unit} "
            f"| {largest:+.2f} {unit} |"
        )
    return "\n".join([*lines, f"| all | {len(scores)} | {scores['within'].mean():.0%} | | |"])


def sides(scores: pd.DataFrame, run: str) -> list[pd.Series]:
    """Return the distances from a run's values down to the lower and up to the upper ends of their intervals."""
    low, value, high = (scores[f"{name}_{run}"] for name in ("low", "value", "high"))
    return [value - low, high - value]


def draw(scores: pd.DataFrame, path: Path) -> None:
    """Draw shares and losses in two panels, with equal scores on the line."""
    is_loss = scores.index.get_level_values("metric") == LOSS
    panels = {"Share of test examples": scores[~is_loss], "Loss of responses (nats)": scores[is_loss]}
    with paper_style():
        figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
        for ax, (name, group) in zip(axes, panels.items(), strict=True):
            for within, color in ((True, "#0072B2"), (False, "#D55E00")):
                part = group[group["within"] == within]
                ax.errorbar(
                    part["value_before"], part["value_after"], xerr=sides(part, "before"), yerr=sides(part, "after"),
                    fmt=".", color=color, alpha=0.4, elinewidth=0.5, label="within both intervals" if within else "not",
                )  # fmt: skip
            ax.axline((group["value_before"].mean(),) * 2, slope=1, color="0.3", linewidth=0.8)
            ax.set(xlabel=f"{name}, before", ylabel="after")
        axes[0].legend(frameon=False)
        save(figure, [path])
        plt.close(figure)


if __name__ == "__main__":
    main()
