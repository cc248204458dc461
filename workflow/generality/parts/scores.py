"""Tables 4 to 11: the test scores of every setting of every method, the paper's numbers beside ours."""

from generality import SPECIALITY
from generality.parts import EXPERIMENT, Part, entry

DESCRIPTIONS = {
    4: "First vision experiment, accuracy of every run on every data set",
    5: "Second vision experiment, accuracy of every run on every data set",
    6: "First language experiment, speciality and ood",
    7: "First language experiment, common-sense",
    8: "First language experiment, instruction and instruction-cn",
    9: "Second language experiment, speciality and ood",
    10: "Second language experiment, common-sense",
    11: "Second language experiment, instruction and instruction-cn",
}
# The groups in the paper's tables of language models; those of a CLIP show all.
COLUMNS = {
    **dict.fromkeys((6, 9), (SPECIALITY, "ood")),
    **dict.fromkeys((7, 10), ("common-sense",)),
    **dict.fromkeys((8, 11), ("instruction", "instruction-cn")),
}
GROUPS = {"ood": "other distributions", "instruction": "instructions", "instruction-cn": "Chinese instructions"}
ENTRIES = {
    f"table{number}": entry(f"{text} (paper, Table {number}).", experiment=EXPERIMENT)
    for number, text in DESCRIPTIONS.items()
}


def number_of(name):
    return int(name.removeprefix("table"))


def columns(part):
    """Return the groups of an experiment that a table shows, in their order."""
    groups = part.study.groups(*part.experiments)
    return [group for group in COLUMNS.get(number_of(part.name), groups) if group in groups]


def needs(part):
    (table,) = part.tables
    return {"table": table}


def settings(part):
    number, groups = number_of(part.name), columns(part)
    return {"number": number, "groups": groups, "labels": part.labels, "anchor": part.anchor}


def draw(outputs, table, number, groups, labels, anchor):
    from generality.report.collect import read_table
    from generality.report.conventions import as_in_paper
    from generality.report.tables import render_table

    scores = read_table(table)
    render_table(scores, outputs, labels=labels, anchor=anchor, **as_in_paper(number, groups, scores))


def caption(part, say):
    (experiment,) = part.experiments
    sets, groups = part.study.groups(experiment), columns(part)
    words = say.listed([GROUPS.get(group, group.replace("-", " ")) for group in groups])
    tests = say.number_of_tests([name for group in groups for name in sets[group]], "data set")
    return f"{words[:1].upper()}{words[1:]} after {say.experiments()}", (
        f"Test scores of every setting of every method with standard errors: {words}. Changes are those of a group's "
        "average against the pre-trained model, paired by example; ★ marks the setting of a method that was chosen on "
        "validation examples, and the paper's numbers stand beside ours where it has the same data sets. "
        f"{say.made(settings=True, tests=tests)}"
    )


def lacks(experiment, name):
    groups = COLUMNS.get(number_of(name), (SPECIALITY,))
    if {SPECIALITY, *experiment["generality"]}.isdisjoint(groups):
        return f"has no group '{groups[0]}', which {name} shows; leave that table out"
    return ""


PART = Part("table", ENTRIES, needs, draw, caption, settings, resources=["paper_tables.csv"], scored=True, lacks=lacks)
