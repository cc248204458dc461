"""The verdict on models that were fine-tuned elsewhere, for readers and, as JSON, for programs."""

from generality.parts import FILES, Part, entry, example_scores, given, several

ENTRIES = {
    "verdict": entry(
        "What each model that was fine-tuned elsewhere learnt and forgot, and the repaired model, which is made too.",
        experiments=several("Experiments with such models."),
    )
}


def settings(part):
    return {
        "experiments": list(map(part.study.collect_settings, part.experiments)),
        "tuned": [given(part.study.experiment(name)) for name in part.experiments],
        "labels": part.labels,
        "anchor": part.anchor,
    }


def draw(outputs, scores, experiments, tuned, labels, anchor):
    from generality.report.audit import render_audit
    from generality.report.resampled import Resampled
    from generality.report.selection import drift_keys

    read = [
        Resampled.read(**files, **settings, measures=drift_keys(settings["speciality"]))
        for files, settings in zip(scores, experiments, strict=True)
    ]
    render_audit(zip(read, tuned, strict=True), outputs, labels, anchor)


def caption(part, say):
    return f"Verdict on {say.experiments()}", (
        f"What each model that was fine-tuned elsewhere learnt of {say.specialities()} and what it forgot, against the "
        "model that it was tuned from, and how much of that a model between the two keeps. The notes below say which "
        f"models these are. {say.made()}"
    )


def lacks(experiment, name):
    return "" if given(experiment) else "has no model that was fine-tuned elsewhere, which this part judges; add one"


PART = Part(
    "table", ENTRIES, example_scores, draw, caption, settings, title="Verdict", files=(*FILES["table"], "json"),
    scored=True, lacks=lacks,
)  # fmt: skip
