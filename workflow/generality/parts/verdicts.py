"""The paper's claims: each finding with the effect measured here, its interval and a verdict."""

from generality.parts import Part, entry, lacks_full

ROLES = {
    "imagenet": "The one for CLIP on ImageNet.",
    "domainnet": "The one for CLIP on DomainNet's real domain.",
    "medmcqa": "The one for Galactica on MedMCQA.",
    "pubmedqa": "The one for Galactica on PubMedQA.",
}


def needs(shown):
    """Return the files of each role, and of Figures 8 and 9 where the report has them."""
    probed, followed = shown.other("figure8"), shown.other("figure9")
    return {
        "experiments": {role: shown.study.example_scores(name) for role, name in shown.roles.items()},
        "probed": shown.study.probe_paths(*probed.experiments) if probed else [],
        "followed": shown.early.example_scores(shown.study, *followed.experiments) if followed else {},
    }


def settings(shown):
    probed, followed = shown.other("figure8"), shown.other("figure9")
    return {
        "experiments": {role: shown.study.collect_settings(name) for role, name in shown.roles.items()},
        "probed": probed.experiments[0] if probed else "",
        "followed": shown.early.table_settings(shown.study, *followed.experiments) if followed else {},
        "tunings": shown.early.tunings(shown.study, *followed.experiments) if followed else {},
    }


def draw(outputs, inputs, settings):
    from generality.report.claims import FOLLOWED, PROBED
    from generality.report.claims_table import render_claims
    from generality.report.comparisons_series import Followed
    from generality.report.probed import Probed
    from generality.report.resampled import Resampled

    scored = settings["experiments"]
    found = {role: Resampled(**files, **scored[role]) for role, files in inputs["experiments"].items()}
    if settings["probed"]:
        found[PROBED] = Probed(inputs["probed"], settings["probed"])
    if settings["followed"]:
        found[FOLLOWED] = Followed(Resampled(**inputs["followed"], **settings["followed"]), settings["tunings"])
    render_claims(found, outputs)


def caption(shown, say):
    missing = [say.name(role) for role in ROLES if role not in shown.roles]
    left_open = (
        f" Nothing here stands for the paper's {say.listed(missing)}; claims about that are not measured."
        if missing
        else ""
    )
    return "The paper's findings, checked", (
        "Each finding of the paper as comparisons of scores, which one rule for all calls supported, contradicted or "
        f"undecided by 95 % intervals from resampled {say.drawn()}. Settings were chosen on validation examples, "
        f"effects are those on test examples. {say.made(settings=True)}{left_open}"
    )


PART = Part(
    kind="finding",
    title="Claims",
    files=["json", "md"],
    entries={
        "claims": entry(
            "The paper's findings, each supported, contradicted or undecided by this study's scores. Their groups of "
            "generality are those named ood, common-sense and instruction.",
            experiments={
                "description": "Which experiment stands for the paper's; claims about one that is left out are not "
                "measured.",
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "properties": {role: {"$ref": "#/$defs/name", "description": text} for role, text in ROLES.items()},
            },
        )
    },
    needs=needs,
    settings=settings,
    draw=draw,
    caption=caption,
    scored=True,
    lacks=lacks_full,
)
