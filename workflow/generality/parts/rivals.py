"""The single model of each method, against WiSE-FT's best at a matched speciality."""

from generality.parts import Part, entry, example_scores, lacks_full, several

ENTRIES = {
    "rivals": entry(
        "Which single model keeps more generality than WiSE-FT's best, at 90 % of full fine-tuning's gain.",
        experiments=several("Experiments from top to bottom."),
    )
}


def settings(part):
    experiments = list(map(part.study.collect_settings, part.experiments))
    return {"experiments": experiments, "labels": part.labels, "anchor": part.anchor}


def draw(outputs, scores, experiments, labels, anchor):
    from generality.report.resampled import Resampled
    from generality.report.rivals import render_rivals

    pairs = zip(scores, experiments, strict=True)
    render_rivals([Resampled.read(**files, **keys) for files, keys in pairs], outputs, labels, anchor)


def caption(part, say):
    return "Against WiSE-FT at a matched speciality", (
        "One model of each method, chosen on validation examples among those that learn nearly all of the task, beside "
        f"WiSE-FT's model, chosen alike: which keeps more generality. {say.made(settings=True)} Intervals are of 95 %, "
        f"from resampled {say.drawn()}."
    )


PART = Part(
    "table", ENTRIES, example_scores, draw, caption, settings, title="Against WiSE-FT", scored=True, lacks=lacks_full
)
