"""Rules that choose settings, with and without examples of the generality, and what each costs."""

from generality.parts import Part, entry, example_scores, several

ENTRIES = {
    "selection": entry(
        "What each rule chooses among a method's settings by validation examples (of everything, or of the speciality "
        "alone), and what it costs against the best setting on test examples.",
        experiments=several("Experiments from top to bottom."),
    )
}


def settings(part):
    experiments = list(map(part.study.collect_settings, part.experiments))
    return {"experiments": experiments, "labels": part.labels, "anchor": part.anchor}


def draw(outputs, scores, experiments, labels, anchor):
    from generality.report.resampled import Resampled
    from generality.report.selection import drift_keys, render_selection

    read = (
        Resampled.read(**files, **settings, measures=drift_keys(settings["speciality"]))
        for files, settings in zip(scores, experiments, strict=True)
    )
    render_selection(read, outputs, labels, anchor)


def caption(part, say):
    return "Choosing settings without the answer", (
        "Who fine-tunes a model has no examples of all that it may forget. Rules that choose a method's setting by "
        "validation examples of everything, or of the speciality alone, and what each costs on test examples against "
        f"the method's best setting, which is itself a choice by test examples. {say.made(settings=True)} Intervals "
        f"are of 95 %, from resampled {say.drawn()}."
    )


PART = Part("table", ENTRIES, example_scores, draw, caption, settings, title="Selection", scored=True)
