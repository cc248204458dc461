"""All methods at a glance: one point each, coloured by family, and which of them nothing beats on both axes."""

from generality.parts import Part, entry, example_scores, several

ENTRIES = {
    "glance": entry(
        "One point a method, coloured by family, and whether another method is better in speciality and generality.",
        experiments=several("Experiments from top to bottom."),
    )
}


def settings(part):
    from generality.methods import FAMILIES

    experiments = list(map(part.study.collect_settings, part.experiments))
    return {"experiments": experiments, "style": part.looks, "families": part.families, "order": list(FAMILIES)}


def draw(outputs, scores, experiments, style, families, order):
    import pandas as pd

    from generality.report.collect import write_table
    from generality.report.glance import glance, plot_glance
    from generality.report.resampled import Resampled

    *pictures, values = outputs
    pairs = zip(scores, experiments, strict=True)
    rows = pd.concat([glance(Resampled.read(**files, **settings), families) for files, settings in pairs])
    plot_glance(rows, style, order, pictures)
    write_table(rows, values)


def caption(part, say):
    return "Methods at a glance", (
        "Each point is a method at the setting that was chosen on validation examples: to the right is what it has "
        "learnt, upwards what it has kept, a mean over the groups of generality. Colours and markers are families of "
        "methods. A method is on the front if no other is better on one axis and as good on the other, as far as the "
        f"data can tell; half-filled points are those where they cannot. {say.made(settings=True)}"
    )


PART = Part("figure", ENTRIES, example_scores, draw, caption, settings, title="Methods", scored=True)
