"""Table 1: an example of each data set."""

from generality.parts import Part, entry, several


def needs(shown):
    """Return the test splits of all data sets, by "set/domain"."""
    sets = {}
    for experiment in shown.experiments:
        sets |= shown.test_sets(experiment)
    return {"sets": sets}


def settings(shown):
    return {"anchor": shown.anchor}


def draw(outputs, inputs, settings):
    from generality.report.examples import render_examples

    render_examples(inputs["sets"], outputs, anchor=settings["anchor"])


def caption(shown, say):
    return "An example of each data set", (
        f"One example of each data set of {say.experiments()}: what the model reads and the right answer. It is the "
        "first of the test split, so nothing is picked by eye; n is the size of that split."
    )


PART = Part(
    kind="table",
    entries={
        "table1": entry(
            "One example of each data set (paper, Table 1).", experiments=several("Experiments that it is about.")
        )
    },
    needs=needs,
    settings=settings,
    draw=draw,
    caption=caption,
)
