"""Table 1: an example of each data set."""

from generality.parts import OVERVIEW, Part, entry

ENTRIES = {"table1": entry("One example of each data set (paper, Table 1).", **OVERVIEW)}


def needs(part):
    """Return the test splits of all data sets, by "set/domain"."""
    return {"sets": {name: path for sets in map(part.test_sets, part.experiments) for name, path in sets.items()}}


def settings(part):
    return {"anchor": part.anchor}


def draw(outputs, sets, anchor):
    from generality.report.examples import render_examples

    render_examples(sets, outputs, anchor=anchor)


def caption(part, say):
    return "An example of each data set", (
        f"One example of each data set of {say.experiments()}: what the model reads and the right answer. It is the "
        "first of the test split, so nothing is picked by eye; n is the size of that split."
    )


PART = Part("table", ENTRIES, needs, draw, caption, settings)
