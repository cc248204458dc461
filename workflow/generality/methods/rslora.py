"""rsLoRA: LoRA whose scale is alpha / √rank (Kalajdzievski 2023)."""

from dataclasses import replace
from functools import partial

from generality.methods import lora

METHOD = replace(
    lora.METHOD,
    label="rsLoRA",
    description="LoRA whose change is scaled by alpha / sqrt(rank), not by rank (Kalajdzievski 2023). PEFT's code.",
    order=17, marker="^", make=partial(lora.LoRA, method="rslora", options={"use_rslora": True}),
)  # fmt: skip
