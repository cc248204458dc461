"""Tables 2 and 3: hyper-parameters as they ran, the paper's beside them."""

from generality.parts import Part, entry, several

ABOUT = several("Experiments that it is about.")


def needs(shown):
    data = [shown.study.speciality_train(experiment) for experiment in shown.experiments]
    return {"logs": shown.training_logs(), "data": data}


def settings(shown):
    return {"recipes": shown.recipes(), "labels": shown.labels, "anchor": shown.anchor}


def draw(outputs, inputs, settings):
    from generality.data.image_set import MANIFEST
    from generality.report.hyperparameters import render_hyperparameters
    from generality.storage.files import read_json

    counts = [read_json(f"{folder}/{MANIFEST}")["count"] for folder in inputs["data"]]
    names = {"labels": settings["labels"], "anchor": settings["anchor"]}
    render_hyperparameters(settings["recipes"], inputs["logs"], counts, outputs, **names)


def caption(shown, say):
    return f"Hyper-parameters of {say.experiments()}", (
        f"The settings with which {say.models()} learnt {say.specialities()}, as they ran, and every value that was "
        "tried of each method's own hyper-parameter. Steps are counted in the training logs; the paper's values stand "
        "beside ours where it has the same data set."
    )


PART = Part(
    kind="table",
    entries={
        "table2": entry("Hyper-parameters of vision experiments as they ran (paper, Table 2).", experiments=ABOUT),
        "table3": entry("The same of language experiments (paper, Table 3).", experiments=ABOUT),
    },
    needs=needs,
    settings=settings,
    draw=draw,
    caption=caption,
    resources=["paper_settings.csv", "paper_tables.csv"],
)
