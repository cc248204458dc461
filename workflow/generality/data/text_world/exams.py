"""Write medical exams: short questions about facts or cases, with options (MedMCQA), and patients (USMLE)."""

from itertools import zip_longest

from generality.data.text_world.draws import Draws, part
from generality.data.text_world.knowledge import Fact, choice
from generality.data.text_world.medicine import Medicine
from generality.data.text_world.names import HE, SHE
from generality.data.text_world.worlds import World

# A case is a disease known by its signs, and what is asked of it: the answer is two hops from the signs, three for the
# effect. MedMCQA asks it in a few words, as the real one does now and then, and USMLE tells of a patient.
CASES = (
    "{question} in a patient with {a}, {b} and {c}?",
    "{question} if there is {a}, {b} and {c}?",
    "{question} when somebody has {a}, {b} and {c}?",
    "{question} for {a}, {b} and {c}?",
    "{question}, given {a}, {b} and {c}?",
    "{question} where doctors see {a}, {b} and {c}?",
)
ASKED_BRIEFLY = {
    "diagnosis": "which disease is it",
    "organ": "which organ is ill",
    "drug": "which drug helps",
    "cause": "what is the cause",
    "test": "which test is needed",
    "effect": "what must the drug do",
}
ASKED = {
    "diagnosis": "what is the most likely diagnosis?",
    "organ": "which organ is most likely damaged?",
    "drug": "which drug should be given?",
    "cause": "what has most likely caused this?",
    "test": "what should be done next?",
    "effect": "what will the right drug do?",
}
VIGNETTES = (
    "{name}, {age} years old, comes with {a}, {b} and {c}.",
    "a {age} year old {who} complains of {a} and {b}. the doctor also notes {c}.",
    "for {days} days a {who} of {age} has had {a}. now there is {b}, and also {c}.",
    "a {who} is brought in because of {a}. {he} reports {b} and {c} for {days} days.",
)


def options(choices: list[str]) -> str:
    """Return the options as an exam lists them."""
    return " ".join(f"({letter}) {text}" for letter, text in zip("abcd", choices, strict=True))


def _listed(question: str, right: str, wrong: list[str], draws: Draws, cluster: str) -> dict:
    example = choice("", right, wrong, draws, cluster)
    return example | {"prompt": f"input: {question} {options(example['choices'])}\noutput:"}


def medmcqa_items(world: World, split: str) -> list[tuple[Fact, int, bool]]:
    """Return (fact, phrasing, whether the disease is known by its signs only) of a split's questions.

    No two splits ask for the same fact, so only the corpus gives the answers. Every fact is asked once before any is
    asked again.
    """
    medicine = world.medicine
    cases = [Fact(asked, ill, solution(medicine, ill, asked)) for ill in medicine.diseases for asked in ASKED]
    facts = part(world.seed, "medmcqa", [*dict.fromkeys([*medicine.facts(), *cases])], split)
    questions = [[(fact, *form) for form in _forms(medicine, fact, k % 2 == 0)] for k, fact in enumerate(facts)]
    return [item for some in zip_longest(*questions) for item in some if item]


def medmcqa(world: World, item: tuple[Fact, int, bool], draws: Draws) -> dict:
    """Return a question for one fact."""
    (fact, phrasing, by_signs), medicine = item, world.medicine
    if by_signs:
        a, b, c = draws.shuffled(medicine.values["sign"][fact.subject])
        question = CASES[phrasing].format(a=a, b=b, c=c, question=ASKED_BRIEFLY[fact.relation])
        wrong = _others(medicine, fact, draws)
    else:
        question = medicine.relations[fact.relation].questions[phrasing].format(s=fact.subject)
        wrong = medicine.wrong(fact, draws, 3)
    return _listed(question, fact.value, wrong, draws, fact.name)


def _forms(medicine: Medicine, fact: Fact, by_signs_first: bool) -> list[tuple[int, bool]]:
    """Return (phrasing, whether by signs) of all questions for a fact, the two kinds in turn where it has both."""
    possible = {
        True: fact.relation in ASKED and fact.subject in medicine.values["sign"],
        False: fact.subject in medicine.values.get(fact.relation, ()),
    }
    kinds = [by_signs for by_signs in (by_signs_first, not by_signs_first) if possible[by_signs]]
    return [(phrasing, by_signs) for phrasing in range(len(CASES)) for by_signs in kinds]


def _others(medicine: Medicine, fact: Fact, draws: Draws) -> list[str]:
    """Return three wrong answers to a case."""
    pool = medicine.diseases if fact.relation == "diagnosis" else medicine.pools[fact.relation]
    return draws.some([value for value in pool if value != fact.value], 3)


def usmle_items(world: World, split: str) -> list[tuple[str, str, int]]:
    """Return (disease, key of ASKED, vignette) of a split's patients."""
    pairs = [(disease, aim) for disease in world.medicine.diseases for aim in ASKED]
    return [(*pair, form) for form in range(len(VIGNETTES)) for pair in part(world.seed, "usmle", pairs, split)]


def usmle(world: World, item: tuple[str, str, int], draws: Draws) -> dict:
    """Return a question about a patient with the three signs of an unnamed disease."""
    (disease, aim, form), medicine = item, world.medicine
    fact = Fact(aim, disease, solution(medicine, disease, aim))
    a, b, c = draws.shuffled(medicine.values["sign"][disease])
    female = draws.chance(0.5)
    patient = VIGNETTES[form].format(
        a=a, b=b, c=c,
        name=draws.one(SHE if female else HE),
        who="woman" if female else "man",
        he="she" if female else "he",
        age=20 + draws.below(60),
        days=2 + draws.below(8),
    )  # fmt: skip
    return _listed(f"{patient} {ASKED[aim]}", fact.value, _others(medicine, fact, draws), draws, fact.name)


def solution(medicine: Medicine, disease: str, aim: str) -> str:
    """Return the right answer for a patient with a disease; `aim` is a key of ASKED."""
    if aim == "diagnosis":
        return disease
    if aim == "effect":
        return medicine.value("effect", medicine.value("drug", disease))
    return medicine.value(aim, disease)
