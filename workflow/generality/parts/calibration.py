"""How well the confidence of a CLIP agrees with its accuracy, before and after fine-tuning."""

from generality.parts import Part, entry, example_scores, several

ENTRIES = {
    "calibration": entry(
        "Accuracy, expected calibration error and log loss of every CLIP at its chosen setting, with intervals.",
        experiments=several("Experiments of the vision track, from top to bottom."),
    )
}


def settings(part):
    experiments = list(map(part.study.collect_settings, part.experiments))
    return {"experiments": experiments, "labels": part.labels, "anchor": part.anchor}


def draw(outputs, scores, experiments, labels, anchor):
    from generality.report.calibration import read_calibration, render_calibration

    tables = [read_calibration(**files, **settings) for files, settings in zip(scores, experiments, strict=True)]
    render_calibration(tables, outputs, labels, anchor)


def caption(part, say):
    return "Confidence and accuracy", (
        "Whether a model's confidence can be trusted after fine-tuning: accuracy, expected calibration error (how far "
        "the largest class probability is from the accuracy, in 15 bins) and log loss, for the speciality and each "
        f"group of generality, at each method's setting chosen on validation examples. {say.made(settings=True)} "
        f"Intervals are of 95 %, over {say.drawn()}."
    )


def lacks(experiment, name):
    return "" if experiment["track"] == "vision" else "has no confidences, as only the vision track has; leave it out"


PART = Part("table", ENTRIES, example_scores, draw, caption, settings, title="Calibration", scored=True, lacks=lacks)
