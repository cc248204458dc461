"""How many answers turn wrong and how many turn right behind each change of accuracy."""

from generality.parts import Part, entry, example_scores, several

ENTRIES = {
    "flips": entry(
        "Share of answers that turn wrong and that turn right at each method's chosen setting, a panel per group of "
        "accuracies.",
        experiments=several("Experiments in the order of their panels."),
    )
}


def settings(part):
    labels = {method: {"label": label} for method, label in part.labels.items()}
    return {"experiments": list(map(part.study.collect_settings, part.experiments)), "style": labels}


def draw(outputs, scores, experiments, style):
    from generality.report.collect import write_table
    from generality.report.flips import all_flips, plot_flips
    from generality.report.resampled import Resampled

    *pictures, values = outputs
    pairs = zip(scores, experiments, strict=True)
    rows = all_flips(Resampled.read(**files, **settings) for files, settings in pairs)
    plot_flips(rows, style, pictures)
    write_table(rows, values)


def caption(part, say):
    return "Answers that turn wrong, and right", (
        "A mean may hide that answers change in both directions. Downwards is the share of test answers that turned "
        "wrong (the pre-trained model has them right), upwards that of those that turned right, and the diamond is the "
        "net, the change of accuracy. Each method is at the setting chosen on validation examples. "
        f"{say.made(settings=True, tests='')} Thin lines are 95 % intervals over {say.drawn()}."
    )


PART = Part("figure", ENTRIES, example_scores, draw, caption, settings, title="Flips", scored=True)
