"""The medical knowledge of a world: its diseases and drugs, and the facts about them."""

from itertools import combinations

from generality.data.text_world.draws import Draws, balanced, falling
from generality.data.text_world.knowledge import Knowledge
from generality.data.text_world.lists import phrases, words
from generality.data.text_world.medical_phrases import PROFILES, RELATIONS
from generality.data.text_world.names import DISEASE_ENDINGS, DRUG_ENDINGS, invent

# Six kinds, so that every value and sign is typical of one kind: it then tells much of what else is likely.
DISEASES, DRUGS, KINDS, SIGNS = 96, 48, 6, 3
TYPICAL = 6  # signs that a kind of disease has, of which each disease has SIGNS
# The number of texts about a disease falls with this power of its rank, so that a model knows medicine in part.
ZIPF = 0.8

ORGANS = words("heart lung liver kidney stomach skin brain spleen bladder throat eye bone")
SYMPTOMS = phrases(
    "fever,cough,rash,dizziness,nausea,thirst,itching,cramps,chills,hiccups,fatigue,pale lips,blue nails,stiff neck,"
    "red eyes,dry mouth,night sweats,weak legs,loud breathing,swollen feet,poor sleep,hair loss,slow pulse,fast pulse,"
    "back pain,chest pain,ear pain,joint pain,weight loss,shaking hands,blurred sight,yellow skin,sore gums,cold sweat,"
    "numb toes,red palms"
)
CAUSES = phrases(
    "a virus,a worm,a fungus,a bacterium,a tick bite,dirty water,old meat,cold air,lead dust,strong sunlight,"
    "lack of iron,a broken gene"
)
TESTS = phrases(
    "a blood count,an x ray,a skin test,a urine test,a heart trace,a breath test,a biopsy,a scan,an eye test,"
    "a throat swab,a walking test,a reflex test"
)
RISKS = phrases("farmers,miners,sailors,bakers,nurses,tailors,painters,divers,pilots,soldiers,dancers,weavers")
EFFECTS = phrases(
    "slows the heart,thins the blood,kills germs,relaxes the muscles,calms the nerves,opens the airways,"
    "lowers the sugar,blocks the pain,feeds the cells,dries the mucus,cools the body,starves the tumour"
)
HARMS = phrases(
    "headache,sleepiness,vomiting,a bitter taste,a skin burn,bleeding gums,weight gain,bad dreams,deafness,"
    "a swollen tongue,brown teeth,cold fingers"
)
SOURCES = phrases(
    "willow bark,poppy seeds,sea sponges,bread mould,snake venom,garlic roots,fish oil,coal tar,bee wax,pine resin,"
    "green tea,red algae"
)


class Medicine(Knowledge):
    """The medical facts of one seed; `diseases` and `drugs` are in the order of their frequency in texts."""

    def __init__(self, seed: int) -> None:
        super().__init__(RELATIONS)
        draws, taken = Draws("medicine", seed), set()
        self.diseases = draws.shuffled(invent(draws, DISEASES, DISEASE_ENDINGS, taken))
        self.drugs = draws.shuffled(invent(draws, DRUGS, DRUG_ENDINGS, taken))
        diseases, drugs = (self._kinds(names) for names in (self.diseases, self.drugs))
        for name, pool in (("organ", ORGANS), ("cause", CAUSES), ("test", TESTS), ("risk", RISKS)):
            self.draw(name, draws, diseases, pool)
        pairs = zip(diseases, drugs, strict=True)
        treated = [zip(ill, balanced(draws, remedies, len(ill)), strict=True) for ill, remedies in pairs]
        self.learn("drug", self.drugs, {disease: (drug,) for some in treated for disease, drug in some})
        for name, pool in (("effect", EFFECTS), ("harm", HARMS), ("source", SOURCES)):
            self.draw(name, draws, drugs, pool)
        self.learn("sign", SYMPTOMS, self._signs(draws, diseases))
        self._weights = {len(names): falling(len(names), ZIPF) for names in (self.diseases, self.drugs)}

    def _kinds(self, names: list[str]) -> list[list[str]]:
        """Deal the names out to KINDS kinds, each with frequent and rare ones."""
        return [names[i::KINDS] for i in range(KINDS)]

    def _signs(self, draws: Draws, kinds: list[list[str]]) -> dict[str, tuple[str, ...]]:
        """Return three signs for each disease, out of its kind's; no two diseases have the same three."""
        signs, taken = {}, set()
        typical = balanced(draws, SYMPTOMS, TYPICAL * len(kinds))
        for i, kind in enumerate(kinds):
            common = sorted(typical[TYPICAL * i : TYPICAL * (i + 1)])
            free = [some for some in combinations(common, SIGNS) if some not in taken]
            for disease, some in zip(kind, draws.some(free, len(kind)), strict=True):
                taken.add(some)
                signs[disease] = tuple(draws.shuffled(some))
        return signs

    def article(self, draws: Draws) -> str:
        """Write a few facts about one disease or drug as statements, as a book does."""
        of_drug = draws.chance(0.35)
        names = self.drugs if of_drug else self.diseases
        subject = draws.weighted(names, self._weights[len(names)])
        facts = self.of(subject)
        sentences = [self.say(fact, draws) for fact in draws.some(facts, min(len(facts), 3 + draws.below(4)))]
        if not of_drug and draws.chance(0.5):
            a, b, c = draws.shuffled(self.values["sign"][subject])
            sentences.insert(0, draws.one(PROFILES).format(s=subject, a=a, b=b, c=c))
        return " ".join(sentences)
