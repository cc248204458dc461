"""Write abstracts of studies, each with a question that its findings answer by yes, no or maybe (PubMedQA)."""

from itertools import product

from generality.data.text_world.draws import Draws, balanced, part
from generality.data.text_world.medicine import SYMPTOMS
from generality.data.text_world.worlds import World

CHOICES = ["yes", "no", "maybe"]
# PubMedQA's own shares are 55.2, 33.8 and 11.0 %.
VERDICTS = ("yes",) * 11 + ("no",) * 7 + ("maybe",) * 2
DISTRACTED = 0.65  # share of the abstracts with a finding that the question does not ask for
AIMS = (
    "we studied {drug} in {disease}.",
    "{disease} is hard to treat, so we tried {drug}.",
    "we gave {drug} to patients with {disease}.",
    "the use of {drug} in {disease} is debated.",
)
METHODS = (
    "{n} patients were followed for {m} weeks.",
    "{n} patients got {drug} and {n} got sugar.",
    "we compared {n} patients with {n} others for {m} weeks.",
    "the files of {n} patients were read again.",
)
FINDINGS = {
    "yes": (
        "{sign} became rare with {drug}.",
        "{sign} went away in most patients.",
        "there was much less {sign} than before.",
        "{sign} was clearly reduced.",
        "most patients were free of {sign} at the end.",
        "{sign} fell by {p} percent.",
        "the number of patients with {sign} fell strongly.",
    ),
    "no": (
        "{sign} stayed as it was.",
        "{sign} was as common with {drug} as without.",
        "there was no less {sign} than before.",
        "{sign} was not reduced.",
        "few patients were free of {sign} at the end.",
        "{sign} rose by {p} percent.",
        "the number of patients with {sign} did not fall.",
    ),
    "maybe": (
        "{sign} was reduced in some groups, but not in others.",
        "{sign} fell a little, within the error.",
        "the data on {sign} were not clear.",
        "more patients are needed to judge {sign}.",
    ),
}
QUESTIONS = (
    "does {drug} reduce {sign} in {disease}?",
    "is {drug} useful against {sign} in {disease}?",
    "can {drug} lower {sign} in patients with {disease}?",
    "does {sign} in {disease} improve with {drug}?",
)


def items(world: World, split: str) -> list[tuple[str, str, str]]:
    """Return (drug, disease, verdict) of a split's studies.

    Each study has a pair of its own, and its outcome is drawn, so the world's knowledge does not tell it.
    """
    pairs = part(world.seed, "pubmedqa", list(product(world.medicine.drugs, world.medicine.diseases)), split)
    verdicts = balanced(Draws("verdicts", world.seed, split), VERDICTS, len(pairs))
    return [(drug, disease, verdict) for (drug, disease), verdict in zip(pairs, verdicts, strict=True)]


def example(world: World, item: tuple[str, str, str], draws: Draws) -> dict:
    """Return an abstract with the finding that is asked for, and mostly one on another sign before or after it."""
    drug, disease, verdict = item
    sign, other = draws.some(SYMPTOMS, 2)
    numbers = {"n": 20 + 10 * draws.below(9), "m": 2 + draws.below(9), "p": 30 + 5 * draws.below(10)}
    words = {"drug": drug, "disease": disease} | numbers
    findings = [(sign, verdict)]
    if draws.chance(DISTRACTED):
        findings.append((other, draws.one(VERDICTS)))
    results = [draws.one(FINDINGS[result]).format(sign=of, **words) for of, result in draws.shuffled(findings)]
    sentences = [draws.one(AIMS).format(**words), draws.one(METHODS).format(**words), *results]
    question = draws.one(QUESTIONS).format(sign=sign, **words)
    prompt = f"context: {' '.join(sentences)}\nquestion: {question}\noutput:"
    return {"prompt": prompt, "choices": CHOICES, "answer": CHOICES.index(verdict)}
