"""The paper's Figure 8: the running classifier's accuracy and the probing accuracy along fine-tuning (Appendix C)."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from generality.report.estimate import estimate, paired
from generality.report.names import DIVERGED, FULL, count, share_of_seeds, short
from generality.report.probed import MEASURES, Probed
from generality.report.style import TEXT_WIDTH, check_looks, figure_above, paper_style, save

LABELS = {"acc": "Accuracy of the classifier", "probing": "Probing accuracy"}
LOOKS = {"acc": {"ls": "-"}, "probing": {"ls": (0, (3, 1.5)), "mfc": "white"}}
AVERAGE = "Average"
COLUMNS = 3  # panels in a row


def curves(files: Sequence[str | Path]) -> pd.DataFrame:
    """Return accuracies along fine-tuning from the files of `vision.probe`, one a seed.

    The table has one row for each data set (then the average of all), measure ("acc", "probing") and step. Its columns
    are data, measure, step, n (pictures), seeds, diverged (how many of these did), value, low and high. low and high
    are the 95 % interval of the paired difference from step 0, set about the value; at step 0 that of the value itself.
    Numbers are fractions, and missing where a seed had diverged. Raises StudyError as `Probed`.
    """
    probed, rows = Probed(files), []
    names, steps = probed.names, probed.steps
    for name, members in [*((name, [name]) for name in names), *([(AVERAGE, names)] if len(names) > 1 else [])]:
        for measure in MEASURES:
            base = [probed.answers(member, steps[0], measure) for member in members]
            clusters = probed.clusters_of(members)
            for step in steps:
                ours = [probed.answers(member, step, measure) for member in members]
                score, n = estimate(ours, clusters, shares=True), sum(x.shape[1] for x in ours)
                change = paired(ours, base, clusters, shares=True) if step else score
                ends = (score.value + end - change.value for end in (change.low, change.high))
                diverged = probed.diverged.get(step, 0)
                rows.append((name, measure, step, n, len(probed.seeds), diverged, score.value, *ends))
    return pd.DataFrame(rows, columns=["data", "measure", "step", "n", "seeds", "diverged", "value", "low", "high"])


def plot_probing(table: pd.DataFrame, style: Mapping[str, Mapping[str, str]], outputs: Sequence[str | Path]) -> None:
    """Draw a panel for each data set of `curves`; `style` gives the colour and marker of full fine-tuning.

    From where the fine-tuning diverged on, a panel says so in place of its curves. Raises StudyError without a look.
    """
    check_looks(style, [FULL])
    with paper_style(table, style) as (table, style):
        names = list(dict.fromkeys(table["data"]))
        rows, columns = math.ceil(len(names) / COLUMNS), min(len(names), COLUMNS)
        width = max(TEXT_WIDTH * columns / COLUMNS, TEXT_WIDTH / 2)
        figure, _ = figure_above(_note(table), width, 1.75 * rows + 0.4, margin=0.08)
        axes = figure.subplots(rows, columns, squeeze=False, sharex=True).flatten()
        for ax, name in zip(axes, names, strict=False):
            _draw(ax, table[table["data"] == name], style[FULL])
        for ax in axes[len(names) :]:
            ax.set_visible(False)
        for ax in axes[::columns]:
            ax.set_ylabel("Test accuracy (%)")
        below = (rows - 1) * columns  # the first panel of the lowest row, whose middle one has the label for all
        axes[(below + len(names) - 1) // 2].set_xlabel("Steps of full fine-tuning")
        handles = axes[0].get_legend_handles_labels()[0]
        figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False, fontsize=7)
        save(figure, outputs)


def _draw(ax: Axes, rows: pd.DataFrame, look: Mapping[str, str]) -> None:
    for measure, label in LABELS.items():
        line = rows[rows["measure"] == measure]
        value = 100 * line["value"]
        # The pre-trained model's level, to see what is above and what below it.
        ax.axhline(value.iloc[0], color="0.6", lw=0.7, ls=":", zorder=0)
        ax.fill_between(line["step"], 100 * line["low"], 100 * line["high"], color=look["color"], alpha=0.15, lw=0)
        ax.plot(
            line["step"], value, color=look["color"], marker="o", ms=3.5, mew=0.9, lw=1.1, label=label, **LOOKS[measure]
        )
    if rows["diverged"].any():
        start, end = rows.loc[rows["diverged"] == 0, "step"].max(), rows["step"].max()
        text = f"{DIVERGED}\n{share_of_seeds(rows['diverged'].max(), rows['seeds'].iloc[0])}".strip()
        ax.axvspan(start, end, color="0.92", lw=0, zorder=-1)
        ax.text((start + end) / 2, 0.5, text, transform=ax.get_xaxis_transform(), ha="center", va="center",
                color="0.35", fontsize=7)  # fmt: skip
    name = rows["data"].iloc[0]
    ax.set_title(name if name == AVERAGE else short(name))
    ax.margins(x=0.03)


def _note(table: pd.DataFrame) -> str:
    counts = table.loc[table["data"] != AVERAGE, "n"]
    n = f"{counts.min():,}" if counts.min() == counts.max() else f"{counts.min():,} to {counts.max():,}"
    return (
        "Probing: a new linear head on the checkpoint's features, fitted on the domain's train split. Dotted: the "
        "pre-trained model.\nBands: 95 % intervals of the paired difference from step 0, at step 0 of the value itself "
        f"({n} test pictures a domain, {count(table['seeds'].iloc[0], 'training')})."
    )
