"""Names of diseases and drugs, invented by the seed, and names of people in stories."""

from generality.data.text_world.draws import Draws
from generality.data.text_world.lists import words

ONSETS = words("b br c cl cr d dr f fl g gl gr k l m n p pl pr qu r s sp st t th tr v z")
VOWELS = words("a e i o u")
CODAS = words("b d g k l lm lv m n nd nt r rn rt rv s st t v x")
DISEASE_ENDINGS = words("itis osis emia oma algia opathy uria ism")
DRUG_ENDINGS = words("amin ol ex idine ast ovir azole um")

HE = words("adam ben carl david frank george henry jack kevin leo mark nick oscar paul ralph sam tom victor will zack")
SHE = words(
    "anna betty clara diana emma fiona grace helen iris jane kate lucy mary nora olga rose sara tina vera wendy"
)


def invent(draws: Draws, count: int, endings: list[str], taken: set[str]) -> list[str]:
    """Return `count` names with stems that differ and are not yet `taken`; add the stems to `taken`."""
    names = []
    while len(names) < count:
        stem = draws.one(ONSETS) + draws.one(VOWELS) + draws.one(CODAS)
        if stem not in taken:
            taken.add(stem)
            names.append(stem + endings[len(names) % len(endings)])
    return names
