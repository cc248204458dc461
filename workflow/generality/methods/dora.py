"""DoRA: LoRA of the weights' directions, whose lengths are trained as well (Liu et al. 2024)."""

from dataclasses import replace
from functools import partial

from generality.methods import lora

METHOD = replace(
    lora.METHOD,
    label="DoRA",
    description="LoRA of the directions of weights, whose lengths are trained as well (Liu et al. 2024). PEFT's code.",
    order=16, marker="o", make=partial(lora.LoRA, method="dora", options={"use_dora": True}),
)  # fmt: skip
