"""The paper's claims: each finding with the effect measured here, its interval and a verdict."""

from generality.parts import METRIC, Part, entry, lacks_full

ROLES = {
    "imagenet": "The one for CLIP on ImageNet.",
    "domainnet": "The one for CLIP on DomainNet's real domain.",
    "medmcqa": "The one for Galactica on MedMCQA.",
    "pubmedqa": "The one for Galactica on PubMedQA.",
}
EXPERIMENTS = {
    "description": "Experiments that stand for the paper's; claims about one that is left out are not measured.",
    **{"type": "object", "additionalProperties": False, "minProperties": 1},
    "properties": {role: {"$ref": "#/$defs/name", "description": text} for role, text in ROLES.items()},
}
ENTRIES = {
    "claims": entry(
        "The paper's findings, each supported, contradicted or undecided by this study's scores. Their groups of "
        "generality are those named ood, common-sense and instruction.",
        optional=["metric"],
        experiments=EXPERIMENTS,
        metric=METRIC,
    )
}


def needs(part):
    """Return the scores of each role, and the series that Figures 8 and 9 show, if the report has them."""
    study = part.study
    return {
        "scores": {role: study.example_scores(name) for role, name in part.roles.items()},
        "probed": [study.probe_paths(name) for name in part.of("figure8")],
        "followed": [part.early.example_scores(study, name) for name in part.of("figure9")],
    }


def settings(part):
    study = part.study
    return {
        "experiments": {role: study.collect_settings(name) for role, name in part.roles.items()},
        "sources": sorted({_source(study, name) for name in part.roles.values()}),
        "metric": part.entry.get("metric", ""),
        "features": part.of("figure8"),
        "series": [part.early.table_settings(study, name) for name in part.of("figure9")],
        "tunings": [part.early.tunings(study, name) for name in part.of("figure9")],
    }


def _source(study, experiment):
    return study.data_settings(study.experiment(experiment)["speciality"].partition("/")[0])["source"]


def draw(outputs, scores, probed, followed, experiments, sources, metric, features, series, tunings):
    from generality.report.claims import FOLLOWED, PROBED
    from generality.report.claims_table import render_claims
    from generality.report.comparisons import Followed
    from generality.report.probed import Probed
    from generality.report.resampled import Resampled

    measured = {role: Resampled.read(**files, **experiments[role], metric=metric) for role, files in scores.items()}
    for files, name in zip(probed, features, strict=True):
        measured[PROBED] = Probed(files, name)
    for files, settings, tuning in zip(followed, series, tunings, strict=True):
        measured[FOLLOWED] = Followed(Resampled.read(**files, **settings), tuning)
    render_claims(measured, outputs, sources)


def caption(part, say):
    missing = [say.name(role) for role in ROLES if role not in part.roles]
    left_open = f" Nothing here stands for the paper's {say.listed(missing)}; claims about that are not measured."
    return "The paper's findings, checked", (
        "Each finding of the paper as comparisons of scores, which one rule for all judges by 95 % intervals over "
        f"{say.drawn()}. Settings were chosen on validation examples, "
        f"effects are those on test examples. {say.made(settings=True)}{left_open if missing else ''}"
    )


FILES = ["json", "md"]
RESOURCES = ["choices.csv"]
PART = Part(
    "finding", ENTRIES, needs, draw, caption, settings, title="Claims", files=FILES, resources=RESOURCES, scored=True,
    lacks=lacks_full,
)  # fmt: skip
