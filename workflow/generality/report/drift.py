"""Forgetting against how far a model has drifted on the fine-tuning task itself: by KL divergence, by weights."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy.stats import rankdata

from generality.report.estimate import MISSING, Estimate
from generality.report.names import trainings
from generality.report.resampled import BASE, Resampled
from generality.report.selection import DRIFT, drift_keys
from generality.report.style import TEXT_WIDTH, check_looks, figure_above, paper_style, save
from generality.report.tradeoff import OTHER, solid

AXES = {"kl": "KL divergence (nats)", "weight_distance": "Distance of weights"}  # both from the pre-trained model
FEWEST = 4  # points; three are in one order by chance in a third of all cases
NOTE = (
    "A point per setting of every method; solid: chosen on validation examples. Forgetting: the pre-trained model's "
    "mean generality on test examples minus this model's, in points (hundredths: of accuracy, or of the pre-trained "
    "model's negative log-likelihood divided by this model's); {trainings}. KL divergence of the pre-trained model to "
    "this one on validation inputs of the fine-tuning task; Euclidean distance of all weights. ρ: Spearman's rank "
    "correlation over the points, with its 95 % interval."
)


def drift(scores: Resampled) -> pd.DataFrame:
    """Return a row per setting of every method but the pre-trained model: how much it forgot, how far it drifted.

    `forgetting` is the pre-trained model's mean generality on test examples minus this one's, on the common scale, in
    points, with its 95 % interval (forgetting_low, forgetting_high). kl and weight_distance are means over validation
    examples of the speciality, in nats and in the weights' unit. <name>_rho with _low and _high is the rank correlation
    of forgetting with each over the settings, which is the same in all rows. Settings that diverged are left out.
    `scores` has the measures of `selection.drift_keys`.
    """
    models = [(method, setting) for method in scores.settings for setting in scores.working(method)]
    models = [model for model in models if model != BASE]
    before = scores.generality_of(*BASE)
    forgotten = np.stack([before - scores.generality_of(*model) for model in models])
    rows = []
    for (method, setting), columns in zip(models, forgotten, strict=True):
        row = {"experiment": scores.experiment, "method": method, "setting": setting}
        row |= {"chosen": scores.chosen[method] == setting, "seeds": len(scores.seeds), "repetitions": scores.count}
        forgetting = scores.interval(columns)
        rows.append(row | _numbers("forgetting", forgetting, 100))
    table = pd.DataFrame(rows)
    for name, key in zip(DRIFT, drift_keys(scores.speciality), strict=True):
        means = scores.means(key)
        far = np.stack([means[model] for model in models])
        table = table.assign(**{name: far[:, 0]}, **_numbers(f"{name}_rho", rank_correlation(scores, far, forgotten)))
    return table


def rank_correlation(scores: Resampled, x: np.ndarray, y: np.ndarray) -> Estimate:
    """Return Spearman's rank correlation of x and y, both (points, columns of `resample`), with its interval.

    The interval is made on the scale of Fisher's z, where a perfect order, ρ = ±1, counts as half way to the next best
    one, and an end beyond that as ±1. It is missing for fewer than `FEWEST` points.
    """
    count = len(x)
    if count < FEWEST:
        return MISSING
    ranks = [rankdata(values, axis=0) - (count + 1) / 2 for values in (x, y)]
    spread = np.sqrt(np.prod([(rank**2).sum(axis=0) for rank in ranks], axis=0))
    rho = np.prod(ranks, axis=0).sum(axis=0) / np.where(spread > 0, spread, np.nan)
    most = 1 - 6 / (count**3 - count)  # two neighbours that change places make 12 / (n³ − n)
    interval = scores.interval(np.arctanh(np.clip(rho, -most, most)))
    low, high = (end if abs(end) < most else np.sign(end) for end in np.tanh([interval.low, interval.high]))
    return Estimate(float(rho[0]), np.nan, float(min(low, rho[0])), float(max(high, rho[0])))


def all_drift(experiments: Iterable[Resampled]) -> pd.DataFrame:
    """Return `drift` of several experiments."""
    return pd.concat(map(drift, experiments), ignore_index=True)


def plot_drift(rows: pd.DataFrame, style: Mapping[str, Mapping[str, str]], outputs: Sequence[str | Path]) -> None:
    """Draw rows of `all_drift`: a column per experiment, above by KL divergence and below by the distance of weights.

    `style` gives each method its label, color and marker. Raises StudyError for a method without one.
    """
    check_looks(style, rows["method"].unique())
    with paper_style(rows, style) as (rows, style):
        panels = list(rows.groupby("experiment", sort=False))
        width = max(TEXT_WIDTH / 4, TEXT_WIDTH / 2 / len(panels)) * len(panels)
        note = NOTE.format(trainings=trainings(rows["seeds"].max(), rows["repetitions"].max()))
        figure, foot = figure_above(note, width, 3.7)
        axes = figure.subplots(len(DRIFT), len(panels), squeeze=False, sharey="col")
        for column, (experiment, points) in zip(axes.T, panels, strict=True):
            for ax, name in zip(column, DRIFT, strict=True):
                _draw(ax, points, name, style)
            column[0].set_title(f"{textwrap.fill(experiment, 24)}\n{column[0].get_title()}")
        figure.supylabel("Forgetting (points)", fontsize=8)
        figure.legend(
            handles=_legend(rows, style), loc="outside lower center", ncols=6, fontsize=7, handletextpad=0.2,
            columnspacing=1.2, frameon=False, borderaxespad=foot * 72 / 7,
        )  # fmt: skip
        save(figure, outputs)


def _draw(ax: Axes, points: pd.DataFrame, name: str, style: Mapping[str, Mapping[str, str]]) -> None:
    for method, settings in points.groupby("method", sort=False):
        ax.plot(settings[name], settings["forgetting"], color=style[method]["color"], lw=0.5, alpha=0.4, zorder=1)
    for row in points.itertuples():
        look = style[row.method]
        shape = solid(look["marker"]) if row.chosen else OTHER
        ax.plot(getattr(row, name), row.forgetting, look["marker"], color=look["color"], zorder=2 + row.chosen, **shape)
    ax.axhline(0, color="0.5", lw=0.8, ls=(0, (4, 3)), zorder=0)
    ax.margins(0.08)
    ax.set_xlim(left=0)
    ax.set_xlabel(AXES[name])
    ax.set_title(_correlation(points.iloc[0], name))
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))


def _correlation(row: pd.Series, name: str) -> str:
    value, low, high = (row[f"{name}_rho{end}"] for end in ("", "_low", "_high"))
    if np.isnan(value):
        return "ρ: too few settings"
    return f"ρ = {value:.2f} [{low:.2f}, {high:.2f}]".replace("-", "−")


def _legend(rows: pd.DataFrame, style: Mapping[str, Mapping[str, str]]) -> list[Line2D]:
    looks = [style[method] for method in rows["method"].unique()]
    return [
        Line2D([], [], ls="", color=look["color"], marker=look["marker"], label=look["label"], **solid(look["marker"]))
        for look in looks
    ]


def _numbers(name: str, estimate: Estimate, scale: float = 1.0) -> dict[str, float]:
    return {name: scale * estimate.value, f"{name}_low": scale * estimate.low, f"{name}_high": scale * estimate.high}
