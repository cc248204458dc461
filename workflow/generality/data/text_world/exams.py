"""Write medical exams: short questions with options (MedMCQA) and patients (USMLE)."""

from generality.data.text_world.draws import Draws, part
from generality.data.text_world.knowledge import Fact, choice
from generality.data.text_world.medicine import Medicine
from generality.data.text_world.names import HE, SHE
from generality.data.text_world.worlds import World

# Questions about a patient, by the relation that leads to the answer: two hops from the signs, three for the effect.
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


def medmcqa_items(world: World, split: str) -> list[tuple[Fact, int]]:
    """Return (fact, phrasing) of a split's questions.

    No two splits ask for the same fact, so only the corpus gives the answers.
    """
    facts = part(world.seed, "medmcqa", world.medicine.facts(), split)
    return [(fact, phrasing) for phrasing in range(6) for fact in facts]


def medmcqa(world: World, item: tuple[Fact, int], draws: Draws) -> dict:
    """Return a question for one fact."""
    (fact, phrasing), medicine = item, world.medicine
    question = medicine.relations[fact.relation].questions[phrasing].format(s=fact.subject)
    wrong = medicine.wrong(fact, draws, 3)
    return _listed(question, fact.value, wrong, draws, fact.name)


def usmle_items(world: World, split: str) -> list[tuple[str, str, int]]:
    """Return (disease, key of ASKED, vignette) of a split's patients."""
    pairs = [(disease, aim) for disease in world.medicine.diseases for aim in ASKED]
    return [(*pair, form) for form in range(len(VIGNETTES)) for pair in part(world.seed, "usmle", pairs, split)]


def usmle(world: World, item: tuple[str, str, int], draws: Draws) -> dict:
    """Return a question about a patient with the three signs of an unnamed disease."""
    (disease, aim, form), medicine = item, world.medicine
    right = solution(medicine, disease, aim)
    pool = medicine.diseases if aim == "diagnosis" else medicine.pools[aim]
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
    wrong = draws.some([value for value in pool if value != right], 3)
    return _listed(f"{patient} {ASKED[aim]}", right, wrong, draws, Fact(aim, disease, right).name)


def solution(medicine: Medicine, disease: str, aim: str) -> str:
    """Return the right answer for a patient with a disease; `aim` is a key of ASKED."""
    if aim == "diagnosis":
        return disease
    if aim == "effect":
        return medicine.value("effect", medicine.value("drug", disease))
    return medicine.value(aim, disease)
