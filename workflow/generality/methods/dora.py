"""DoRA: LoRA of the weights' directions, whose lengths are trained as well (Liu et al. 2024)."""

from generality.methods.lora import variant

METHOD = variant(
    "dora",
    {"use_dora": True},
    label="DoRA",
    description="LoRA of the directions of weights, whose lengths are trained as well (Liu et al. 2024). PEFT's code.",
    formula="as LoRA, of directions; lengths of columns are trained as well",
    scope="whole linear layers, by PEFT",
    source="Liu et al. 2024",
    order=16, marker="o",
)  # fmt: skip
