"""PiSSA: LoRA that begins from the weights' largest singular directions (Meng et al. 2024)."""

from generality.methods.lora import variant

METHOD = variant(
    "pissa",
    {"init_lora_weights": "pissa"},
    label="PiSSA",
    description="LoRA that trains the largest singular directions of the weights (Meng et al. 2024). PEFT's code.",
    formula="as LoRA, from the largest singular directions on",
    scope="whole linear layers, by PEFT",
    source="Meng et al. 2024",
    order=18, marker="v",
)  # fmt: skip
