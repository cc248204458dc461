"""Method cards: what each method does, what it costs, where it stands, and which claims about it hold."""

from generality.parts import Part, entry, example_scores, lacks_full, several

ENTRIES = {
    "cards": entry(
        "A card for each method: formula, source, cost, place on the front, settings, and claims with verdicts.",
        experiments=several("Experiments that the cards are about."),
    )
}
CLAIMS = ("claims", "later")  # the parts whose claims the cards have, where the report shows them


def settings(part):
    study = part.study
    return {
        "experiments": list(map(study.collect_settings, part.experiments)),
        "pictures": [name for name in part.experiments if study.experiment(name)["track"] == "vision"],
        "facts": part.facts,
        "families": part.families,
        "logs": {name: study.training_job_logs(name) for name in part.experiments},
        "roles": [dict(study.config["report"].get(other, {}).get("experiments", {})) for other in CLAIMS],
        "labels": part.labels,
        "anchor": part.anchor,
    }


def draw(outputs, scores, experiments, pictures, **settings):
    from generality.report.cards import render_cards
    from generality.report.later_comparisons import read_measured

    pairs = zip(scores, experiments, strict=True)
    read = [read_measured(files, keys, pictures=keys["experiment"] in pictures) for files, keys in pairs]
    render_cards(read, outputs, **settings)


def caption(part, say):
    return "Method cards", (
        "Each method's formula and source, its cost over full fine-tuning, its point at the chosen setting and whether "
        f"it is on the front, the settings that were tried, and its claims with verdicts. {say.made(settings=True)}"
    )


PART = Part(
    "table", ENTRIES, example_scores, draw, caption, settings, title="Method cards", scored=True, lacks=lacks_full
)
