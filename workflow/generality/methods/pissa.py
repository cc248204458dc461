"""PiSSA: LoRA that begins from the weights' largest singular directions (Meng et al. 2024)."""

from dataclasses import replace
from functools import partial

from generality.methods import lora

METHOD = replace(
    lora.METHOD,
    label="PiSSA",
    description="LoRA that trains the largest singular directions of the weights (Meng et al. 2024). PEFT's code.",
    order=18, marker="v", make=partial(lora.LoRA, method="pissa", options={"init_lora_weights": "pissa"}),
)  # fmt: skip
