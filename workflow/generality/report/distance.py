"""The paper's Figure 3: how far a data set is from the one fine-tuned on, and how much of it is forgotten."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from generality import SPECIALITY
from generality.errors import StudyError
from generality.report.annotate import name_forgetting, place_text, shade_below
from generality.report.collect import BASE, average_name
from generality.report.metrics import METRICS, primary
from generality.report.names import DIVERGED, FULL, count, in_words, share_of_seeds, short
from generality.report.select import pick_groups, results
from generality.report.stored import read_csv
from generality.report.style import TEXT_WIDTH, check_looks, figure_above, paper_style, save

PAPER_ORDER = ("ood", "common-sense", "instruction")  # Section 3.1.2: from close to the fine-tuning set to far from it
# Colours of Okabe and Ito that name no method's end, and markers, for the groups in the order shown.
LOOKS = (("#0072B2", "o"), ("#E69F00", "s"), ("#CC79A7", "^"), ("#009E73", "D"), ("#56B4E9", "v"), ("#D55E00", "P"))
FORMULA = (
    "Distance d: standardised difference of mean embeddings, d(A,B)² = mean over dimensions of "
    "(μ_A − μ_B)² / ((σ_A² + σ_B²)/2); an embedding is the pre-trained model's last hidden state averaged over the "
    "tokens of an example"
)


def read_distances(files: Sequence[str | Path]) -> pd.DataFrame:
    """Return distances of data sets from the one fine-tuned on, from CSV files (columns data, distance), one per seed.

    The index is data; columns are distance (mean over files), near and far (their smallest and largest). Raises
    StudyError, naming the file, for missing columns, a data set twice, or a distance that is negative or not a number.
    """
    tables = []
    for file in files:
        table = read_csv(file, ("data", "distance"), ("distance",))
        if table["data"].duplicated().any():
            raise StudyError(f"{file}: '{table.loc[table['data'].duplicated(), 'data'].iloc[0]}' stands there twice")
        distance = pd.to_numeric(table["distance"], errors="coerce")
        if not (np.isfinite(distance) & (distance >= 0)).all():
            raise StudyError(f"{file}: a distance is negative or not a number; measure the distances again")
        tables.append(distance.set_axis(table["data"]))
        if set(table["data"]) != set(tables[0].index):
            raise StudyError(f"{file}: has other data sets than {files[0]}; measure the distances again")
    return pd.concat(tables, axis=1).agg(["mean", "min", "max"], axis=1).set_axis(["distance", "near", "far"], axis=1)


def relative_changes(table: pd.DataFrame, groups: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the change of each test score by full fine-tuning, in % of the pre-trained model's lead over chance.

    Columns are group, data, n, seeds, diverged (how many of these did), is_average, change, low, high (95 % interval of
    the paired difference, the lead taken as known), in the primary metric; down is worse. Where chance is not known, it
    counts as 0. `groups` None takes all groups of the generality. Changes are missing where the fine-tuning diverged
    and where the pre-trained model is not measurably better than chance. Raises StudyError for an unknown group.
    """
    rows = primary(results(table))
    rows = pick_groups(rows if groups else rows[rows["group"] != SPECIALITY], groups)
    before = rows[rows["method"] == BASE[0]].set_index(["group", "data"])["low"].rename("before_low")
    rows = rows[rows["method"] == FULL].join(before, on=["group", "data"])
    # None is chosen where all diverged: they are alike.
    stands = rows["chosen"] if rows["chosen"].any() else rows["setting"] == rows["setting"].iloc[0]
    rows = rows[stands].reset_index(drop=True)
    better = rows["metric"].map(lambda metric: METRICS[metric].higher_is_better)
    sign = np.where(better, 1, -1)
    lead = sign * (rows["value"] - rows["change"] - rows["chance"].fillna(0))
    lead = lead.where(rows["chance"].notna(), lead.abs())  # an nll is no lead over 0, but a distance from it
    beats_chance = ~better | rows["chance"].isna() | (rows["before_low"] > rows["chance"])
    share = 100 * sign / lead.where((lead > 0) & beats_chance)
    changes = rows[["group", "data", "n", "seeds", "diverged"]].copy()
    changes["is_average"] = rows["data"] == rows["group"].map(average_name)
    ends = share * rows["change_low"], share * rows["change_high"]
    return changes.assign(change=share * rows["change"], low=np.minimum(*ends), high=np.maximum(*ends))


def place(changes: pd.DataFrame, distances: pd.DataFrame) -> pd.DataFrame:
    """Return the single data sets of `changes` with the columns of `distances`; the one fine-tuned on is at zero.

    Raises StudyError for a data set without a distance.
    """
    points = changes[~changes["is_average"]].join(distances, on="data")
    points.loc[points["group"] == SPECIALITY, list(distances)] = 0.0
    if points["distance"].isna().any():
        missing = points.loc[points["distance"].isna(), "data"].iloc[0]
        raise StudyError(f"{missing}: has no distance; measure it, or leave its group out of the figure's `groups`")
    return points.reset_index(drop=True)


def drawn_changes(table: pd.DataFrame, distances: pd.DataFrame, groups: Sequence[str] | None = None) -> pd.DataFrame:
    """Return all rows of the figure: those of `place`, then those of groups' averages, which have no distance."""
    changes = relative_changes(table, groups)
    return pd.concat([place(changes, distances), changes[changes["is_average"]]], ignore_index=True)


def correlations(points: pd.DataFrame) -> str:
    """Return Spearman's rank correlation of the distance with the change and with the paper's order of groups, as text.

    The data set fine-tuned on is not counted: it is at zero by construction, and is meant to gain.
    """
    points = points[points["group"] != SPECIALITY]
    ordered = points[points["group"].isin(PAPER_ORDER)]
    order = ordered["group"].map(PAPER_ORDER.index)
    texts = [
        # Spearman's correlation is that of Pearson on the ranks.
        f"{rows['distance'].rank().corr(other.rank()):.2f} with {name} (n = {len(rows)})".replace("-", "−")
        for rows, other, name in (
            (points, points["change"], "the change"),
            (ordered, order, f"the paper's order {' < '.join(map(in_words, PAPER_ORDER))}"),
        )
        if rows["distance"].nunique() > 1 and other.nunique() > 1
    ]
    return f"Spearman's ρ of d: {', '.join(texts)}" if texts else "Too few data sets for a rank correlation"


def plot_distance(
    table: pd.DataFrame,
    distances: pd.DataFrame,
    style: Mapping[str, Mapping[str, str]],
    outputs: Sequence[str | Path],
    groups: Sequence[str] | None = None,
) -> None:
    """Draw the relative change of each data set against its distance, and of groups' averages in the paper's order.

    `distances` are as `read_distances` gives them; `style` has the label of full fine-tuning. Where that diverged, the
    figure says so instead. Raises StudyError as `relative_changes` and `place` do, or without that label.
    """
    check_looks(style, [FULL])
    rows = drawn_changes(table, distances, groups)
    points, averages = rows[~rows["is_average"]], rows[rows["is_average"]]
    looks = {group: LOOKS[i % len(LOOKS)] for i, group in enumerate(points["group"].unique())}
    rank = {group: i for i, group in enumerate(PAPER_ORDER)}
    averages = averages.sort_values("group", key=lambda names: names.map(rank).fillna(len(rank)), kind="stable")
    speciality = table.loc[table["group"] == SPECIALITY, "data"].iloc[0]
    title = f"{style[FULL]['label']} on {speciality}"
    if rows["diverged"].any():
        _plot_instead(title, rows.iloc[0], outputs)
        return
    drawn = points, averages, looks, title, speciality
    with paper_style(*drawn) as (points, averages, looks, title, speciality):
        note = textwrap.fill(_note(points), 150, break_on_hyphens=False)  # the formula is wider than other text
        figure, _ = figure_above(note, TEXT_WIDTH, 3.1)
        main, side = figure.subplots(1, 2, width_ratios=(5, 3), sharey=True)
        measured = points.dropna(subset="change")  # the others were at chance before
        _draw_points(main, measured, looks)
        _draw_averages(side, averages, looks)
        for ax in (main, side):  # they share their limits, so both have to be drawn before
            shade_below(ax, 0)
        main.set(
            title=title,
            xlabel=f"Measured distance d from {speciality}",
            ylabel="Change in % of the\npre-trained lead over chance",
        )
        side.set(title="Average of a group", xlabel="in the paper's order, near to far")
        figure.draw_without_rendering()  # settles the layout, which the texts' places depend on
        _name_points(main, measured)
        save(figure, outputs)


def _plot_instead(title: str, row: pd.Series, outputs: Sequence[str | Path]) -> None:
    """Say that there is nothing to draw, and why."""
    with paper_style(title) as (title,):
        figure = Figure(figsize=(TEXT_WIDTH, 1.2))
        text = f"{title}: {DIVERGED} {share_of_seeds(row['diverged'], row['seeds'])}"
        figure.text(0.5, 0.65, text.strip(), ha="center", va="center", weight="bold")
        why = "Its loss or a gradient became infinite or no number, so there is no model of which to show a change."
        figure.text(0.5, 0.4, why, ha="center", va="center", color="0.35", fontsize=7)
        save(figure, outputs)


def _note(points: pd.DataFrame) -> str:
    left_out = points.loc[points["change"].isna(), "data"].map(short)
    at_chance = f"Left out, at chance before: {', '.join(left_out)}. " if len(left_out) else ""
    return (
        "Change of accuracy, or of the negative log-likelihood with its sign turned, in % of the pre-trained model's "
        "lead over chance; right: of a group's average. Vertical: 95 % intervals of the paired difference, the lead "
        f"taken as known ({count(points['seeds'].iloc[0], 'training')}); horizontal: the range of distances over "
        f"pre-trained models. {at_chance}{FORMULA}. {correlations(points[points['change'].notna()])}."
    )


def _draw_points(ax: Axes, points: pd.DataFrame, looks: Mapping[str, tuple[str, str]]) -> None:
    for group, rows in points.groupby("group", sort=False):
        color, marker = looks[group]
        ax.vlines(rows["distance"], rows["low"], rows["high"], color=color, lw=0.7, zorder=2)
        ax.hlines(rows["change"], rows["near"], rows["far"], color=color, lw=0.7, zorder=2)
        ax.plot(rows["distance"], rows["change"], marker, color=color, ms=6, mec="white", mew=0.6, zorder=3)
    handles = [
        Line2D([], [], ls="", marker=marker, color=color, ms=6, mec="white", label=in_words(group))
        for group, (color, marker) in looks.items()
    ]
    ax.figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), fontsize=7, frameon=False)
    ax.margins(0.08, 0.1)


def _draw_averages(ax: Axes, averages: pd.DataFrame, looks: Mapping[str, tuple[str, str]]) -> None:
    for x, row in enumerate(averages.itertuples()):
        color, marker = looks[row.group]
        ax.vlines(x, row.low, row.high, color=color, lw=0.7)
        ax.plot(x, row.change, marker, color=color, ms=7, mec="white", mew=0.6)
    ax.set_xticks(range(len(averages)), [in_words(group).replace(" ", "\n") for group in averages["group"]], fontsize=6)
    ax.set_xlim(-0.6, len(averages) - 0.4)


def _name_points(ax: Axes, points: pd.DataFrame) -> None:
    """Write each data set's name beside its point, where least is in the way."""
    spots = [np.column_stack([np.linspace(*ax.get_xlim(), 40), np.zeros(40)])]
    for row in points.itertuples():
        spots.append(np.column_stack([np.full(10, row.distance), np.linspace(row.low, row.high, 10)]))
        # The range of a distance may be crossed, if need be: far from its point a name says less.
        spots.append(np.column_stack([np.linspace(row.near, row.far, 3), np.full(3, row.change)]))
        spots.append(np.tile([row.distance, row.change], (5, 1)))
    taken = [Bbox.from_extents(*(spot - 4), *(spot + 4)) for spot in ax.transData.transform(np.vstack(spots))]
    texts = [name_forgetting(ax)]
    for row in points.itertuples():
        # A text on another text is worse than one on anything else.
        texts.append(place_text(ax, short(row.data), (row.distance, row.change), "0.1", taken + 50 * texts))
