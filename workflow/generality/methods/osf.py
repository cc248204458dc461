"""OSF: fine-tuning in the directions that matter least in the pre-trained weights (Nayak et al. 2025)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from generality.errors import StudyError
from generality.methods import LOW_RANK, Key, Trained
from generality.methods.lora import ALL_LINEAR, targets
from generality.training.method import Method

if TYPE_CHECKING:
    from torch import Tensor, nn


def _changed(layer: nn.Module, inputs: Tensor) -> Tensor:
    """Return the outputs of a layer of PEFT's with the changed weight.

    PEFT's own forward passes all inputs through factors of twice the trained rank, which takes as long as the layer.
    """
    from torch.nn.functional import linear

    plain = layer.get_base_layer()
    return linear(inputs, plain.weight + layer.get_delta_weight("default"), plain.bias)


class OSF(Method):
    """Singular directions of each weight are trained but for the share `kept` with the largest singular values.

    Gradients are projected to be orthogonal to the kept directions. Nothing else is trained; the change is merged at
    the end.
    """

    def __init__(self, kept: float, targets: str | Sequence[str] = ALL_LINEAR):
        self.kept, self.targets = kept, targets

    def begin(self, model: nn.Module, objective: Any) -> None:
        from peft import OSFConfig
        from peft.tuners.osf import OSFModel
        from peft.tuners.osf.layer import OSFLayer

        from generality.training import processes
        from generality.training.lora_targets import choose
        from generality.training.low_rank import check_whole, for_peft

        key = "methods.osf"
        chosen, what = choose(model, objective, self.targets, f"{key}.targets")
        check_whole(chosen, key)
        if processes.rank() == 0:
            print(f"osf adapts {what}", file=sys.stderr)
        smallest = min(chosen, key=lambda target: min(model.get_parameter(target.name).shape))
        if min(model.get_parameter(smallest.name).shape) * self.kept < 1:
            raise StudyError(f"{key}.kept: {self.kept:g} keeps no direction of '{smallest.name}'; raise it")
        wrapped, names = for_peft(model, [target.name.removesuffix(".weight") for target in chosen])
        config = OSFConfig(target_modules=names, effective_rank=self.kept)
        self.tuner = OSFModel(wrapped.requires_grad_(False), {"default": config}, "default")
        for layer in wrapped.modules():
            if isinstance(layer, OSFLayer):
                layer.forward = partial(_changed, layer)

    def end(self, model: nn.Module) -> None:
        self.tuner.merge_and_unload()
        model.requires_grad_(True)


METHOD = Trained(
    label="OSF",
    description=(
        "Orthogonal subspace fine-tuning (Nayak et al. 2025): the largest singular directions of each weight stay, the "
        "others are trained. PEFT's code."
    ),
    formula="all singular directions of W but the share `kept` of the largest are trained",
    scope="all linear layers, or those of `targets`; by PEFT",
    source="Nayak et al. 2025",
    grid=Key("kept", "Shares of the singular directions that stay.", {"$ref": "#/$defs/fraction"}),
    fixed=(targets(ALL_LINEAR),), family=LOW_RANK, order=24, color="#E69F00", marker="p", make=OSF,
)  # fmt: skip
