"""Forgetting, and what each method helps, against the number of parameters."""

from generality.parts import Part, entry, example_scores, lacks_full, several

ENTRIES = {
    "sizes": entry(
        "Forgetting of full fine-tuning, and what each method helps, against the number of the model's parameters.",
        experiments=several("Experiments with models of several sizes; those with one speciality share a column."),
    )
}


def needs(part):
    starts = [part.study.start_path(name, part.study.starts(name)[0]) for name in part.experiments]
    return example_scores(part) | {"models": starts}


def settings(part):
    return {"experiments": list(map(part.study.collect_settings, part.experiments)), "style": part.looks}


def draw(outputs, scores, models, experiments, style):
    import pandas as pd

    from generality.report.collect import write_table
    from generality.report.resampled import Resampled
    from generality.report.sizes import parameters, plot_sizes, sizes

    *pictures, values = outputs
    trios = zip(scores, experiments, models, strict=True)
    rows = pd.concat([sizes(Resampled.read(**files, **keys), parameters(model)) for files, keys, model in trios])
    plot_sizes(rows, style, pictures)
    write_table(rows, values)


def caption(part, say):
    return "Forgetting and model size", (
        "Above: how much mean generality full fine-tuning loses, for models of several sizes. Below: how much more of "
        "it each method keeps than full fine-tuning with as much speciality; above the dashed line it helps. "
        f"{say.made(settings=True)} Intervals are of 95 %, from resampled {say.drawn()}."
    )


PART = Part("figure", ENTRIES, needs, draw, caption, settings, title="Model size", scored=True, lacks=lacks_full)
