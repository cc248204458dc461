"""Figures 4 to 6: speciality against generality, for every setting of every method."""

from generality.parts import EXPERIMENT, GROUPS, METRIC, Part, entry, several

ONE = {"optional": ["groups", "metric"], "experiment": EXPERIMENT, "groups": GROUPS, "metric": METRIC}
ENTRIES = {
    "figure4": entry(
        "Speciality against generality, a point per run (paper, Figure 4).",
        experiments=several("Experiments from left to right; a panel for each of their groups."),
    ),
    "figure5": entry("Speciality against generality for the first language experiment (paper, Figure 5).", **ONE),
    "figure6": entry("Speciality against generality for the second language experiment (paper, Figure 6).", **ONE),
}


def needs(part):
    return {"tables": part.tables}


def settings(part):
    return {"style": part.looks, "groups": part.entry.get("groups"), "metric": part.entry.get("metric", "")}


def draw(outputs, tables, style, groups, metric):
    from generality.report.collect import read_table, write_table
    from generality.report.tradeoff import drawn_points, panels, plot_tradeoff

    *pictures, values = outputs
    drawn = [panel for table in tables for panel in panels(read_table(table), groups, metric)]
    plot_tradeoff(drawn, style, pictures)
    write_table(drawn_points(drawn), values)


def caption(part, say):
    return f"Trade-offs after {say.experiments()}", (
        f"{say.AXES} {say.path(part.looks)}{say.made(settings=True)} A filled point is the setting of its method that "
        f"was chosen on validation examples, with {say.interval()} as a cross."
    )


PART = Part("figure", ENTRIES, needs, draw, caption, settings, scored=True)
