"""What each part of the report means and how it was made, in sentences that follow from the configuration.

No result is in them: what a figure shows is for the reader to see. Every job process reads this, so nothing heavy is
imported here.
"""

from collections.abc import Callable, Sequence

from generality.config.references import SPECIALITY
from generality.plan.study import FIGURES, NUMBERS, TABLES, Study

# As the paper writes them; another experiment is called as in the configuration.
NAMES = {"imagenet": "ImageNet", "domainnet": "DomainNet", "medmcqa": "MedMCQA", "pubmedqa": "PubMedQA"}
GROUPS = {"ood": "other distributions", "instruction": "instructions", "instruction-cn": "Chinese instructions"}
# What the paper's tables of a language model show; those of a CLIP show everything.
COLUMNS = {
    **dict.fromkeys(("table6", "table9"), (SPECIALITY, "ood")),
    **dict.fromkeys(("table7", "table10"), ("common-sense",)),
    **dict.fromkeys(("table8", "table11"), ("instruction", "instruction-cn")),
}
# The files that Snakemake's report has of a figure or a table, and of what is neither. A browser shows .png and .html,
# and saves the others; what comes first in the alphabet is listed until a reader asks for the other.
SHOWN_AS = {"figure": {"png": "figure", "csv": "values"}, "table": {"html": "table", "csv": "values"}}
FINDING_AS = {"md": "text", "csv": "values", "json": "values"}
FINDINGS = {"tradeoff": "Trade-offs", "claims": "Claims"}
AXES = (
    "Each point is a model: to the right is what it has learnt (speciality), upwards what it has kept (generality); "
    "below the dashed line of the pre-trained model is forgetting."
)


def captions(study: Study) -> dict[str, dict[str, str]]:
    """The caption of every part of the report that the study has, in the order shown: see `caption`."""
    return {part: caption(study, part) for part in (*FIGURES, *TABLES, *NUMBERS) if part in study.config["report"]}


def caption(study: Study, part: str) -> dict[str, str]:
    """Of a part such as "figure5": title ("Figure 5"), name (a few words), category ("Figures", "Tables" or "Findings")
    and text (a few sentences in plain words, without markup). Raises KeyError for a part that the report has not."""
    name, text = TEXTS[part](study, part)
    if part in FINDINGS:
        return {"title": FINDINGS[part], "name": name, "category": "Findings", "text": text}
    word = part.rstrip("0123456789")
    title = f"{word.capitalize()} {part.removeprefix(word)}"
    text += "" if title in text else f" Compare the paper's {title}."
    return {"title": title, "name": name, "category": f"{word.capitalize()}s", "text": text}


def in_report(file: str) -> bool:
    """Whether Snakemake's report has a file: of a part named like "figure5", or of all that "{figure}" stands for."""
    part, _, suffix = file.rpartition("/")[2].rpartition(".")
    return suffix in SHOWN_AS.get(part.strip("{}0123456789"), FINDING_AS)


def labels(captions: dict[str, dict[str, str]], file: str) -> tuple[str, dict[str, str]]:
    """Under which category and labels it lists the file of a part: which part it is, what it shows, and as what.

    The list is sorted as text, in which " 5" comes before "10".
    """
    part, _, suffix = file.rpartition("/")[2].partition(".")
    own = captions[part]
    kind = own["category"].removesuffix("s").lower()
    number = own["title"].removeprefix(f"{kind.capitalize()} ")
    return own["category"], {kind: f"{number:>2}", "shows": own["name"], "as": SHOWN_AS.get(kind, FINDING_AS)[suffix]}


def _pictures(study: Study, part: str) -> tuple[str, str]:
    examples = study.config["report"][part]["examples"]
    first = f"first {examples} pictures of the test split are" if examples > 1 else "first picture of the test split is"
    return f"Pictures of {_experiments(study, part)}", (
        "The same classes in every domain: the first column of a block is what is fine-tuned on, the others are what "
        f"generality is measured on. Of each class and domain the {first} shown: nothing is picked by eye."
    )


def _distance(study: Study, part: str) -> tuple[str, str]:
    return f"Forgetting against distance after {_experiments(study, part)}", (
        "How full fine-tuning changed the score of each data set, in % of the pre-trained model's, against the data "
        "set's distance from the one fine-tuned on; below the line is forgetting. The distance is measured, with the "
        "pre-trained model's own embeddings, where the paper's Figure 3 orders groups by what they are about. "
        f"{_made(study, part)} Vertical bars are {_interval(study)}."
    )


def _tradeoff(study: Study, part: str) -> tuple[str, str]:
    return f"Trade-offs after {_experiments(study, part)}", (
        f"{AXES} {_path(study, part)}{_made(study, part, settings=True)} A filled point is the setting of its method "
        f"that was chosen on validation examples, with {_interval(study)} as a cross."
    )


def _probing(study: Study, part: str) -> tuple[str, str]:
    (experiment,) = study.shown(part)
    probed = _number_of_tests(study, study.config["experiments"][experiment]["probe"], "data set")
    return f"Features and classifier along {_experiments(study, part)}", (
        f"Along full fine-tuning, before it and at {_checkpoints(study, experiment)}: the accuracy "
        "of the model's own classifier, and of a new linear one fitted to the checkpoint's features of each domain's "
        "train split. Where the first falls alone, the classifier is what has forgotten; where both fall, the features "
        f"have as well. {_made(study, part, tests=probed)} Bands are {_interval(study)}."
    )


def _early_stopping(study: Study, part: str) -> tuple[str, str]:
    (experiment,) = study.shown(part)
    varied = study.early_stopping(experiment)
    named = {"lr": "other learning rate", "warmup": "other warm-up"}
    others = _and([_count(len(varied[key]), name) for key, name in named.items() if varied[key]] or ["no other"])
    tests = _tests(study, experiment, [varied["group"]])
    return f"Early stopping on {_experiments(study, part)}", (
        f"{AXES} A line follows one full fine-tuning through {_checkpoints(study, experiment)}, so "
        f"it shows what stopping early would have given; beside the usual run there are {others}, and a ring is the "
        f"checkpoint that validation examples choose. {_path(study, part)}"
        f"{_made(study, part, tests=tests)} Vertical bars, at the end of a line, are {_interval(study)}."
    )


def _examples(study: Study, part: str) -> tuple[str, str]:
    return "An example of each data set", (
        f"One example of each data set of {_experiments(study, part)}: what the model reads and the right answer. It "
        "is the first of the test split, so nothing is picked by eye; n is the size of that split."
    )


def _hyperparameters(study: Study, part: str) -> tuple[str, str]:
    return f"Hyper-parameters of {_experiments(study, part)}", (
        f"The settings with which {_models(study, part)} learnt {_specialities(study, part)}, as they ran, and every "
        "value that was tried of each method's own hyper-parameter. Steps are counted in the training logs; the "
        "paper's values stand beside ours where it has the same data set."
    )


def _scores(study: Study, part: str) -> tuple[str, str]:
    (experiment,) = study.shown(part)
    settings = study.config["experiments"][experiment]
    there = (SPECIALITY, *settings["generality"])
    columns = [name for name in COLUMNS.get(part, there) if name in there]
    shown = _and([GROUPS.get(column, column.replace("-", " ")) for column in columns])
    sets = [name for column in columns for name in _members(settings, column)]
    return f"{shown[:1].upper()}{shown[1:]} after {_experiments(study, part)}", (
        f"Test scores of every setting of every method with standard errors: {shown}. Changes are those of a group's "
        "average against the pre-trained model, paired by example; ★ marks the setting of a method that was chosen on "
        "validation examples, and the paper's numbers stand beside ours where it has the same data sets. "
        f"{_made(study, part, settings=True, tests=_number_of_tests(study, sets, 'data set'))}"
    )


def _numbers(study: Study, part: str) -> tuple[str, str]:
    return "Trade-offs as numbers", (
        "Each method's trade-off of speciality and generality as numbers that can be compared: the area that its "
        "settings dominate (hypervolume), the best generality at a matched speciality, and the scores of the setting "
        f"chosen on validation examples. {_made(study, part, settings=True)} Intervals are of 95 %, from resampled "
        f"{_drawn(study)}."
    )


def _claims(study: Study, part: str) -> tuple[str, str]:
    missing = [NAMES[role] for role in NAMES if role not in study.roles(part)]
    left_open = (
        f" Nothing here stands for the paper's {_and(missing)}; claims about that are not measured." if missing else ""
    )
    return "The paper's findings, checked", (
        "Each finding of the paper as comparisons of scores, which one rule for all calls supported, contradicted or "
        f"undecided by 95 % intervals from resampled {_drawn(study)}. Settings were chosen on validation examples, "
        f"effects are those on test examples. {_made(study, part, settings=True)}{left_open}"
    )


TEXTS: dict[str, Callable[[Study, str], tuple[str, str]]] = {
    "figure2": _pictures,
    "figure3": _distance,
    **dict.fromkeys(("figure4", "figure5", "figure6"), _tradeoff),
    "figure8": _probing,
    "figure9": _early_stopping,
    "table1": _examples,
    **dict.fromkeys(("table2", "table3"), _hyperparameters),
    **dict.fromkeys(TABLES[3:], _scores),
    "tradeoff": _numbers,
    "claims": _claims,
}


# The parts of a sentence


def _made(study: Study, part: str, *, settings: bool = False, tests: str | None = None) -> str:
    """How a part was made: model, data, seeds, if wanted how many settings, and test examples where they are known."""
    found = [_count(len(study.seeds), "seed")]
    if settings:
        tried = [
            (name, method) for name in study.shown(part) for method in study.config["experiments"][name]["methods"]
        ]
        number = sum(len(study.settings(*each)) for each in tried)
        found.append(f"{_count(number, 'setting')} of {_count(len({method for _, method in tried}), 'method')}")
    if tests is None:
        groups = study.config["report"][part].get("groups")
        tests = "; ".join(filter(None, (_tests(study, name, groups) for name in study.shown(part))))
    return (
        f"Model: {_models(study, part)}, fine-tuned on {_specialities(study, part)}, {', '.join(found)}"
        f"{f'; tested on {tests}' if tests else ''}."
    )


def _tests(study: Study, experiment: str, groups: Sequence[str] | None) -> str:
    """How many test examples of an experiment's speciality and of these groups, or all, there are."""
    settings = study.config["experiments"][experiment]
    groups = groups or settings["generality"]
    own = _number_of_tests(study, [settings[SPECIALITY]])
    others = _number_of_tests(study, [name for group in groups for name in settings["generality"][group]], "other")
    return f"{own} and {others}" if own and others else ""


def _number_of_tests(study: Study, names: Sequence[str], thing: str = "") -> str:
    """ "1,200 examples of 3 others", or of the one set by its name; nothing where only the data can tell."""
    names = list(dict.fromkeys(names))
    counts = [study.data_settings(name.split("/")[0]).get("counts", {}).get("test") for name in names]
    if None in counts:
        return ""
    counts = [min(count, study.config.get("evaluation_limit", count)) for count in counts]
    return f"{sum(counts):,} examples of {_count(len(names), thing) if thing else names[0]}"


def _members(settings: dict, column: str) -> list[str]:
    return [settings[SPECIALITY]] if column == SPECIALITY else settings["generality"][column]


def _checkpoints(study: Study, experiment: str) -> str:
    """Shares of few steps may fall on the same step."""
    return f"up to {_count(len(study.series(experiment)), 'checkpoint')}"


def _path(study: Study, part: str) -> str:
    if not any("wise" in study.config["experiments"][name]["methods"] for name in study.shown(part)):
        return ""
    return "WiSE-FT's line is the path from the pre-trained to the fully fine-tuned model. "


def _interval(study: Study) -> str:
    return f"the 95 % interval, over {_drawn(study)}, of the paired difference from the pre-trained model"


def _drawn(study: Study) -> str:
    """What an interval is over."""
    return "test examples and seeds" if len(study.seeds) > 1 else "test examples"


def _experiments(study: Study, part: str) -> str:
    return _and([NAMES.get(name, name) for name in study.shown(part)])


def _specialities(study: Study, part: str) -> str:
    return _and([study.config["experiments"][name][SPECIALITY] for name in study.shown(part)])


def _models(study: Study, part: str) -> str:
    """The models of a part and where they are from."""
    texts = []
    for experiment in study.shown(part):
        model = study.config["experiments"][experiment]["model"]
        settings = study.model_settings(model)
        released = " ".join(filter(None, [settings.get("name"), settings.get("weights")]))
        texts.append(f"{model} ({'pre-trained by this study' if 'data' in settings else released})")
    return _and(texts)


def _and(texts: Sequence[str]) -> str:
    """ "a, b and c", each text once."""
    *most, last = dict.fromkeys(texts)
    return f"{', '.join(most)} and {last}" if most else last


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
