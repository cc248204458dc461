"""Tables 2 and 3: hyper-parameters as they ran, the paper's beside them."""

from generality.parts import OVERVIEW, Part, entry, lacks_training

ENTRIES = {
    "table2": entry("Hyper-parameters of vision experiments as they ran (paper, Table 2).", **OVERVIEW),
    "table3": entry("Hyper-parameters of language experiments as they ran (paper, Table 3).", **OVERVIEW),
}


def needs(part):
    return {"logs": part.training_logs(), "data": list(map(part.study.speciality_train, part.experiments))}


def settings(part):
    return {"recipes": part.recipes(), "labels": part.labels, "anchor": part.anchor}


def draw(outputs, logs, data, recipes, labels, anchor):
    from generality.data.image_set import MANIFEST
    from generality.report.hyperparameters import render_hyperparameters
    from generality.storage.files import read_json

    counts = [read_json(f"{folder}/{MANIFEST}")["count"] for folder in data]
    render_hyperparameters(recipes, logs, counts, outputs, labels=labels, anchor=anchor)


def caption(part, say):
    return f"Hyper-parameters of {say.experiments()}", (
        f"The settings with which {say.models()} learnt {say.specialities()}, as they ran, and every value that was "
        "tried of each method's own hyper-parameter. Steps are counted in the training logs; the paper's values stand "
        "beside ours where it has the same data set."
    )


RESOURCES = ["paper_settings.csv", "paper_tables.csv"]
PART = Part("table", ENTRIES, needs, draw, caption, settings, resources=RESOURCES, lacks=lacks_training)
