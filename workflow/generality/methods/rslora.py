"""rsLoRA: LoRA whose scale is alpha / √rank (Kalajdzievski 2023)."""

from generality.methods.lora import variant

METHOD = variant(
    "rslora",
    {"use_rslora": True},
    label="rsLoRA",
    description="LoRA whose change is scaled by alpha / sqrt(rank), not by rank (Kalajdzievski 2023). PEFT's code.",
    formula="as LoRA, with alpha/√rank",
    scope="whole linear layers, by PEFT",
    source="Kalajdzievski 2023",
    order=17, marker="^",
)  # fmt: skip
