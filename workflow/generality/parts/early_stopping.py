"""Figure 9: speciality against generality along full fine-tuning, at several learning rates and warm-ups."""

from generality.parts import EXPERIMENT, Part, entry

COMPARED = ("pretrained", "full", "wise")  # the models that it is drawn beside
ENTRIES = {
    "figure9": entry(
        "Early stopping: speciality against generality along full fine-tuning, for several learning rates and "
        "warm-ups, as the experiment's `early_stopping` names them (paper, Figure 9).",
        experiment=EXPERIMENT,
    )
}


def needs(part):
    (experiment,) = part.experiments
    return {"table": part.early.table_path(part.study, experiment)}


def settings(part):
    (experiment,) = part.experiments
    looks = {method: look for method, look in part.looks.items() if method in COMPARED}
    return {"tunings": part.early.tunings(part.study, experiment), "style": looks}


def draw(outputs, table, tunings, style):
    from generality.report.collect import read_table, write_table
    from generality.report.early_stopping import drawn_steps, plot_early_stopping

    *pictures, values = outputs
    scores = read_table(table)
    plot_early_stopping(scores, tunings, style, pictures)
    write_table(drawn_steps(scores, tunings), values)


def caption(part, say):
    (experiment,) = part.experiments
    varied = part.study.experiment(experiment)["early_stopping"]
    named = {"lr": "other learning rate", "warmup": "other warm-up"}
    others = [say.count(len(varied[key]), name) for key, name in named.items() if varied[key]] or ["no other"]
    tests = say.tests(experiment, [varied["group"]])
    return f"Early stopping on {say.experiments()}", (
        f"{say.AXES} A line follows one full fine-tuning through {say.checkpoints(experiment)}, so it shows what "
        f"stopping early would have given; the usual run stands beside {say.listed(others)}, and a ring is the "
        f"checkpoint that validation examples choose. {say.path(COMPARED)}{say.made(tests=tests)} Vertical bars, at "
        f"the end of a line, are {say.interval()}."
    )


def lacks(experiment, name):
    return "" if "early_stopping" in experiment else "has no `early_stopping`; say there what is tried"


PART = Part("figure", ENTRIES, needs, draw, caption, settings, key="early_stopping", lacks=lacks)
