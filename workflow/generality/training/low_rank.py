"""Low-rank changes of weights (Hu et al. 2021), applied to a model in place and merged into it afterwards."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from generality.errors import StudyError


class Target(NamedTuple):
    """A weight to change, and its outputs to change, in groups; each group gets a matrix of the full rank."""

    name: str  # of the parameter
    axis: int  # of its outputs: 0, or 1 in GPT-2's layers
    groups: Sequence[Tensor]
    called: bool  # whether the weight is a linear layer's and used only by calling it
    complete: bool  # whether the change covers all outputs of such a layer as one group


class LowRank(nn.Module):
    """A change W ↦ W + s·BA of some outputs of W, with an A and a B for each group of them; s = alpha / rank."""

    def __init__(self, weight: Tensor, target: Target, rank: int, alpha: float, dropout: float):
        super().__init__()
        outputs = weight.transpose(0, target.axis).flatten(1)
        self.axis, self.sizes, self.scale, self.dropout = target.axis, [*map(len, target.groups)], alpha / rank, dropout
        self.register_buffer("outputs", torch.cat([*target.groups]).to(weight.device), persistent=False)
        # A is Gaussian and B zero, so training starts at the pre-trained model. As in PEFT, 1/rank keeps |Ax| near |x|.
        self.a = nn.Parameter(torch.randn(len(self.sizes), rank, outputs.shape[1], device=weight.device) / rank)
        self.b = nn.Parameter(torch.zeros(sum(self.sizes), rank, device=weight.device))

    def forward(self, weight: Tensor) -> Tensor:
        change = self.scale * torch.cat([b @ a for a, b in self._pairs()])
        shape = weight.transpose(0, self.axis).shape
        change = change.view(-1, *shape[1:]).transpose(0, self.axis)
        return weight.index_add(self.axis, self.outputs, change.to(weight.dtype))

    def beside(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        """Return the changed output of a layer, as a forward hook; dropout removes some of the inputs that A sees."""
        seen = F.dropout(inputs[0], self.dropout, self.training)
        change = self.scale * torch.cat([seen @ a.T @ b.T for a, b in self._pairs()], -1)
        return output.index_add(-1, self.outputs, change.to(output.dtype))

    def _pairs(self) -> list[tuple[Tensor, Tensor]]:
        return list(zip(self.a, self.b.split(self.sizes), strict=True))


class Adapters:
    """The low-rank changes of a model. Until they are merged, no other parameter of the model has gradients.

    PEFT changes whole layers. This class also changes parts of a layer, and weights that are used without a call of
    their module, which PEFT cannot.
    """

    def __init__(
        self,
        model: nn.Module,
        targets: Sequence[Target],
        rank: int,
        alpha: float,
        dropout: float,
        options: Mapping[str, Any],
        key: str,
    ):
        """Add the changes to the model; `options` are more of PEFT's.

        Raise StudyError with the method's `key` if dropout cannot reach the inputs of a weight, or if PEFT's options
        cannot be had because a weight is not a whole linear layer's.
        """
        uncalled = [target.name for target in targets if not target.called]
        if dropout and uncalled:
            raise StudyError(
                f"{key}.dropout: the input of '{uncalled[0]}' is out of its reach; delete this key, "
                f"or name other layers in {key}.targets"
            )
        if options:
            check_whole(targets, key)
        self.model, self.dropout, self.tuner, self.hooks = model.requires_grad_(False), dropout, None, []
        layers = [target.name.removesuffix(".weight") for target in targets if target.complete]
        self.parts = [target for target in targets if not target.complete]
        if layers:
            self.tuner = _peft(model, layers, r=rank, lora_alpha=alpha, lora_dropout=dropout, **options)
        for target in self.parts:
            module, entry = self._place(target)
            change = LowRank(getattr(module, entry), target, rank, alpha, dropout)
            if dropout:
                module.add_module("low_rank", change)
                self.hooks.append(module.register_forward_hook(change.beside))
            else:
                parametrize.register_parametrization(module, entry, change)

    @torch.no_grad()
    def merge(self) -> None:
        """Add the changes to the weights and restore the model's structure."""
        for hook in self.hooks:
            hook.remove()
        for target in self.parts:
            module, entry = self._place(target)
            if self.dropout:
                weight = getattr(module, entry)
                weight.copy_(module.low_rank(weight))
                del module.low_rank
            else:
                parametrize.remove_parametrizations(module, entry, leave_parametrized=True)
        if self.tuner:
            self.tuner.merge_and_unload()
        self.model.requires_grad_(True)

    def _place(self, target: Target) -> tuple[nn.Module, str]:
        path, _, entry = target.name.rpartition(".")
        return self.model.get_submodule(path), entry


def _peft(model: nn.Module, layers: list[str], **settings):
    """Adapt whole layers with PEFT, in place."""
    from peft import LoraConfig  # imported here because it takes seconds
    from peft.tuners.lora import LoraModel

    settings = {"init_lora_weights": "gaussian"} | settings
    wrapped, names = for_peft(model, layers)
    return LoraModel(wrapped, {"default": LoraConfig(target_modules=names, **settings)}, "default")


def for_peft(model: nn.Module, layers: Sequence[str]) -> tuple[nn.Module, str]:
    """Return a model as PEFT takes it, and a regular expression of the names that its layers then have.

    PEFT matches a list against ends of names. The ModuleList hides the architecture, for which PEFT has rules of its
    own; this module knows the uncalled weights without them.
    """
    return nn.ModuleList([model]), "0.(" + "|".join(map(re.escape, layers)) + ")"


def check_whole(targets: Sequence[Target], key: str) -> None:
    """Raise StudyError with a method's `key` if a target is not a whole linear layer, which PEFT wants."""
    if partial := [target.name for target in targets if not target.complete]:
        raise StudyError(
            f"{key}: '{partial[0]}' is not adapted as a whole linear layer, and PEFT has this method for no other; "
            f"name whole layers in {key}.targets, or leave the method out"
        )
