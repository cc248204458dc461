"""Figure 2: pictures of the same classes in every domain."""

from generality.parts import Part, entry, several

EXAMPLES = {
    "description": "Pictures per domain. Default 2, enough to see that they vary; more than 10 do not fit a page.",
    **{"type": "integer", "minimum": 1, "maximum": 10, "default": 2},
}
ENTRIES = {
    "figure2": entry(
        "Example pictures of one class in every domain (paper, Figure 2).",
        experiments=several("Experiments whose data sets are shown."),
        examples=EXAMPLES,
    )
}


def needs(part):
    """Return the image sets by experiment and domain, the speciality first.

    The domains of an experiment that takes them from several data sets are written set/domain.
    """
    sets = {}
    for experiment in part.experiments:
        folders = part.test_sets(experiment)
        one_set = len({name.split("/")[0] for name in folders}) == 1
        sets[experiment] = {name.split("/")[1] if one_set else name: folder for name, folder in folders.items()}
    return {"sets": sets}


def settings(part):
    return {"examples": part.entry["examples"]}


def draw(outputs, sets, examples):
    from generality.report.collect import write_table
    from generality.report.samples import pick_samples, plot_samples

    *pictures, values = outputs
    picked = pick_samples(sets, examples=examples)
    plot_samples(picked, pictures)
    write_table(picked, values)


def caption(part, say):
    examples = part.entry["examples"]
    first = f"first {examples} pictures of the test split are" if examples > 1 else "first picture of the test split is"
    return f"Pictures of {say.experiments()}", (
        "The same classes in every domain: the first column of a block is what is fine-tuned on, the others are what "
        f"generality is measured on. Of each class and domain the {first} shown: nothing is picked by eye."
    )


PART = Part("figure", ENTRIES, needs, draw, caption, settings)
