"""Forgetting against the drift from the pre-trained model that the fine-tuning task alone shows."""

from generality.parts import Part, entry, example_scores, several

ENTRIES = {
    "drift": entry(
        "Forgetting of every setting against its KL divergence from the pre-trained model on the fine-tuning task's "
        "inputs and against its distance of weights, with rank correlations.",
        experiments=several("Experiments from left to right."),
    )
}


def settings(part):
    return {"experiments": list(map(part.study.collect_settings, part.experiments)), "style": part.looks}


def draw(outputs, scores, experiments, style):
    from generality.report.collect import write_table
    from generality.report.drift import all_drift, plot_drift
    from generality.report.resampled import Resampled
    from generality.report.selection import drift_keys

    *pictures, values = outputs
    rows = all_drift(
        Resampled.read(**files, **settings, measures=drift_keys(settings["speciality"]))
        for files, settings in zip(scores, experiments, strict=True)
    )
    plot_drift(rows, style, pictures)
    write_table(rows, values)


def caption(part, say):
    return "Forgetting against drift from the pre-trained model", (
        "Each point is a setting of a method. Upwards is forgetting: how much mean generality, on test examples, is "
        "lost against the pre-trained model. To the right is how far the model has drifted from the pre-trained one: "
        "above by the KL divergence of their answers on validation inputs of the fine-tuning task, below by the "
        "Euclidean distance of their weights. Neither needs an example of what may be forgotten: where the rank "
        f"correlation ρ is high, they can stand in for such examples. {say.made(settings=True)} Intervals of ρ are of "
        f"95 %, from resampled {say.drawn()}."
    )


PART = Part("figure", ENTRIES, example_scores, draw, caption, settings, title="Drift", scored=True)
