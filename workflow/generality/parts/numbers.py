"""The trade-offs as numbers: hypervolume, generality at a matched speciality, chosen settings."""

from generality.parts import Part, entry, lacks_full, several


def needs(shown):
    return {"experiments": [shown.study.example_scores(name) for name in shown.experiments]}


def settings(shown):
    scored = [shown.study.collect_settings(name) for name in shown.experiments]
    return {"experiments": scored, "labels": shown.labels}


def draw(outputs, inputs, settings):
    from generality.report.resampled import Resampled
    from generality.report.tradeoff_numbers import render_tradeoffs

    pairs = zip(inputs["experiments"], settings["experiments"], strict=True)
    render_tradeoffs([Resampled(**files, **scored) for files, scored in pairs], outputs, settings["labels"])


def caption(shown, say):
    return "Trade-offs as numbers", (
        "Each method's trade-off of speciality and generality as numbers that can be compared: the area that its "
        "settings dominate (hypervolume), the best generality at a matched speciality, and the scores of the setting "
        f"chosen on validation examples. {say.made(settings=True)} Intervals are of 95 %, from resampled {say.drawn()}."
    )


PART = Part(
    kind="finding",
    title="Trade-offs",
    entries={
        "tradeoff": entry(
            "Hypervolume, generality at matched speciality and the chosen setting of every method, with intervals.",
            experiments=several("Experiments from top to bottom; a table for each of their groups."),
        )
    },
    needs=needs,
    settings=settings,
    draw=draw,
    caption=caption,
    scored=True,
    lacks=lacks_full,
)
