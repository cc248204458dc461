"""Figure 3: how much of each data set is forgotten, against its distance from the one fine-tuned on."""

from generality.parts import EXPERIMENT, GROUPS, Part, entry, lacks_full

ENTRIES = {
    "figure3": entry(
        "Relative change of every data set's score after full fine-tuning against its measured distance from what was "
        "fine-tuned on (paper, Figure 3).",
        optional=["groups"],
        experiment=EXPERIMENT,
        groups=GROUPS,
    )
}


def needs(part):
    (experiment,), (table,) = part.experiments, part.tables
    return {"table": table, "distances": part.study.distance_paths(experiment)}


def settings(part):
    return {"style": {"full": {"label": part.labels["full"]}}, "groups": part.entry.get("groups")}


def draw(outputs, table, distances, style, groups):
    from generality.report.collect import read_table, write_table
    from generality.report.distance import drawn_changes, plot_distance, read_distances

    *pictures, values = outputs
    scores, measured = read_table(table), read_distances(distances)
    plot_distance(scores, measured, style, pictures, groups)
    write_table(drawn_changes(scores, measured, groups), values)


def caption(part, say):
    return f"Forgetting against distance after {say.experiments()}", (
        "How full fine-tuning changed the score of each data set, in % of the pre-trained model's, against the data "
        "set's distance from the one fine-tuned on; below the line is forgetting. The distance is measured, with the "
        "pre-trained model's own embeddings, where the paper's Figure 3 orders groups by what they are about. "
        f"{say.made()} Vertical bars are {say.interval()}."
    )


PART = Part("figure", ENTRIES, needs, draw, caption, settings, scored=True, lacks=lacks_full)
