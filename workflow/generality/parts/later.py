"""Claims of papers of 2023 to 2026, with the effect measured here, its interval and a verdict."""

from generality.parts import Part, entry, lacks_full
from generality.parts.verdicts import EXPERIMENTS

SIZES = {"small": "One with a smaller model than `large`.", "large": "One with a larger model than `small`."}
ROLES = EXPERIMENTS["properties"] | {
    role: {"$ref": "#/$defs/name", "description": text} for role, text in SIZES.items()
}
ENTRIES = {
    "later": entry(
        "Claims of papers of 2023 to 2026, each supported, contradicted or undecided by this study's scores.",
        experiments=EXPERIMENTS | {"properties": ROLES},
    )
}


def needs(part):
    return {"scores": {role: part.study.example_scores(name) for role, name in part.roles.items()}}


def settings(part):
    study = part.study
    return {
        "experiments": {role: study.collect_settings(name) for role, name in part.roles.items()},
        "pictures": [role for role, name in part.roles.items() if study.experiment(name)["track"] == "vision"],
        "anchor": part.anchor,
    }


def draw(outputs, scores, experiments, pictures, anchor):
    from generality.report.later_claims import render_later
    from generality.report.later_comparisons import read_measured

    measured = {
        role: read_measured(files, experiments[role], pictures=role in pictures) for role, files in scores.items()
    }
    render_later(measured, outputs, anchor)


def caption(part, say):
    return "Later claims, checked", (
        "Claims of papers of 2023 to 2026 as comparisons of scores, judged by the same rule as the paper's findings, "
        f"by 95 % intervals over {say.drawn()}. Settings were chosen on validation examples, effects are those on test "
        f"examples. {say.made(settings=True)}"
    )


PART = Part("table", ENTRIES, needs, draw, caption, settings, title="Later claims", scored=True, lacks=lacks_full)
