"""DER++: dark experience replay that learns the other data as well (Buzzega et al. 2020)."""

from functools import partial

from generality.methods import REHEARSAL, Trained
from generality.methods.der import HALF, DarkReplay
from generality.training.rehearsal import DATA
from generality.training.weight_penalty import STRENGTH

METHOD = Trained(
    label="Dark replay (DER++)",
    description="Dark experience replay whose texts are learnt as well, as those of replay are.",
    formula="as dark replay, and the losses of these examples",
    scope="language",
    source="Buzzega et al. 2020",
    grid=STRENGTH, fixed=(HALF, DATA), needs=("data",), tracks=("language",),
    family=REHEARSAL, order=23, color="#F0E442", marker="^", make=partial(DarkReplay, labels=True),
)  # fmt: skip
