"""The trade-offs as numbers: hypervolume, generality at a matched speciality, chosen settings."""

from generality.parts import Part, entry, example_scores, lacks_reference, several

ENTRIES = {
    "tradeoff": entry(
        "Hypervolume, generality at matched speciality and the chosen setting of every method, with intervals.",
        experiments=several("Experiments from top to bottom; a table for each of their groups."),
    )
}


def settings(part):
    return {"experiments": list(map(part.study.collect_settings, part.experiments)), "labels": part.labels}


def draw(outputs, scores, experiments, labels):
    from generality.report.resampled import Resampled
    from generality.report.tradeoff_numbers import render_tradeoffs

    pairs = zip(scores, experiments, strict=True)
    render_tradeoffs([Resampled.read(**files, **settings) for files, settings in pairs], outputs, labels)


def caption(part, say):
    return "Trade-offs as numbers", (
        "Each method's trade-off of speciality and generality as numbers that can be compared: the area that its "
        "settings dominate (hypervolume), the best generality at a matched speciality, and the scores of the setting "
        f"chosen on validation examples. {say.made(settings=True)} Intervals are of 95 %, from resampled {say.drawn()}."
    )


PART = Part(
    "finding", ENTRIES, example_scores, draw, caption, settings, title="Trade-offs", scored=True, lacks=lacks_reference
)
