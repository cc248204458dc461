"""Figure 8: accuracy and linear probing accuracy along full fine-tuning."""

from generality.parts import EXPERIMENT, Part, entry

ENTRIES = {
    "figure8": entry(
        "Accuracy and linear probing accuracy along full fine-tuning, on what the experiment's `probe` names (paper, "
        "Figure 8).",
        experiment=EXPERIMENT,
    )
}


def needs(part):
    (experiment,) = part.experiments
    return {"probing": part.study.probe_paths(experiment)}


def settings(part):
    return {"style": {"full": part.looks["full"]}}


def draw(outputs, probing, style):
    from generality.report.collect import write_table
    from generality.report.probing import curves, plot_probing

    *pictures, values = outputs
    table = curves(probing)
    plot_probing(table, style, pictures)
    write_table(table, values)


def caption(part, say):
    (experiment,) = part.experiments
    probed = say.number_of_tests(part.study.experiment(experiment)["probe"], "data set")
    return f"Features and classifier along {say.experiments()}", (
        f"Along full fine-tuning, before it and at {say.checkpoints(experiment)}: the accuracy of the model's own "
        "classifier, and of a new linear one fitted to the checkpoint's features of each domain's train split. Where "
        "the first falls alone, the classifier is what has forgotten; where both fall, the features have as well. "
        f"{say.made(tests=probed)} Bands are {say.interval()}."
    )


def lacks(experiment, name):
    return "" if "probe" in experiment else "has no `probe`; name the data sets that are probed there"


PART = Part("figure", ENTRIES, needs, draw, caption, settings, key="probe", lacks=lacks)
