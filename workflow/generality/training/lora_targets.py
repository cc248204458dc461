"""Choose the weights of a model that LoRA changes: queries and values, all linear layers, or layers by name."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from generality.errors import StudyError
from generality.methods.lora import ALL_LINEAR, QUERIES_VALUES
from generality.training.attention import Found, find
from generality.training.low_rank import Target

KEY = "methods.lora.targets"
PACKED = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")  # of torch's MultiheadAttention


def choose(model: nn.Module, objective: Any, targets: str | Sequence[str]) -> tuple[list[Target], str]:
    """Return the weights that `targets` means in this model, in its own order, and a line that says what they are.

    `targets` is "queries-values", "all-linear" (all but the head), or a list of names of layers or ends of such names.
    One example of `objective` goes through the model. Raises StudyError where there are no such weights.
    """
    found = find(model, objective)
    if targets == QUERIES_VALUES:
        chosen, what = _queries_and_values(model, found)
    elif targets == ALL_LINEAR:
        names = {name for name, weight in _linear(model) if weight is not _head_weight(model)}
        chosen = _whole(model, found, names)
        what = f"all {len(chosen)} linear layers but the head; not {', '.join(_rest(model, names))}"
    else:
        chosen = _whole(model, found, _named(model, targets))
        what = f"{len(chosen)} layers, {', '.join(_patterns(target.name for target in chosen))}"
    weights = {target.name: model.get_parameter(target.name) for target in chosen}
    changed = sum(
        sum(map(len, target.groups)) * (weights[target.name].numel() // weights[target.name].shape[target.axis])
        for target in chosen
    )
    return chosen, f"{what}: {changed / sum(p.numel() for p in model.parameters()):.2%} of all parameters"


def _queries_and_values(model: nn.Module, found: Found) -> tuple[list[Target], str]:
    chosen, shared = [], []
    for name, weight in model.named_parameters():
        if name not in found.projections:
            continue
        axis, roles = found.projections[name]
        none = torch.zeros(weight.shape[axis], dtype=torch.bool, device=weight.device)
        keys, queries, values = (roles.get(role, none) for role in ("key", "query", "value"))
        if (keys & (queries | values)).any():
            shared.append(name)
        masks = [queries & ~keys, values & ~queries & ~keys]
        if groups := [mask.nonzero()[:, 0] for mask in masks if mask.any()]:
            chosen.append(_target(model, found, name, axis, groups))
    if not chosen:
        raise StudyError(
            f"{KEY}: this model has no attention whose queries and values show; set {ALL_LINEAR}, or names of layers"
        )
    said = f"queries and values of {found.whole} of {found.attentions} attentions"
    if layers := _layers(model, [target.name for target in chosen]):
        said += f", in {layers[0]} of {layers[1]} layers"
    if shared:
        said += f", without the outputs of {', '.join(_patterns(shared))} that are keys as well"
    return chosen, f"{said} ({len(chosen)} matrices)"


def _whole(model: nn.Module, found: Found, names: set[str]) -> list[Target]:
    """All outputs of these weights."""
    chosen = []
    for name, weight in model.named_parameters(remove_duplicate=False):
        if name in names:
            axis = int(_is_conv1d(model.get_submodule(name.rpartition(".")[0])))
            outputs = torch.arange(weight.shape[axis], device=weight.device)
            chosen.append(_target(model, found, name, axis, [outputs]))
    return chosen


def _target(model: nn.Module, found: Found, name: str, axis: int, groups: list[Tensor]) -> Target:
    path, entry = name.rpartition(".")[::2]
    module = model.get_submodule(path)
    if len(owners := _owners(model, getattr(module, entry))) > 1:  # a change would change both
        raise StudyError(f"{KEY}: {' and '.join(owners)} are one matrix; name layers other than these")
    linear = entry == "weight" and (isinstance(module, nn.Linear) or _is_conv1d(module))
    parents = sum(module in list(parent.children()) for parent in model.modules())
    whole = linear and len(groups) == 1 and len(groups[0]) == module.weight.shape[axis]
    return Target(name, axis, groups, called=linear and parents == 1 and name not in found.uncalled, whole=whole)


def _is_conv1d(module: nn.Module) -> bool:
    """Return whether it is GPT-2's layer of transformers, whose outputs are columns; without importing it."""
    return type(module).__name__ == "Conv1D" and type(module).__module__ == "transformers.pytorch_utils"


def _linear(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield names and weights of all linear layers."""
    for path, module in model.named_modules():
        entries = ("weight",) if isinstance(module, nn.Linear) or _is_conv1d(module) else ()
        for entry in PACKED if isinstance(module, nn.MultiheadAttention) else entries:
            if (weight := getattr(module, entry)) is not None:
                yield f"{path}.{entry}".lstrip("."), weight


def _head_weight(model: nn.Module) -> Tensor | None:
    """The weight of what makes logits: of a language model's head, or of a classifier's."""
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else getattr(model, "head", None)
    return getattr(head, "weight", None)


def _named(model: nn.Module, names: Sequence[str]) -> set[str]:
    """The weights of the linear layers whose names end in these."""
    linear = [name for name, _ in _linear(model)]
    layers = {name.removesuffix(".weight"): name for name in linear}
    found = {end: {layers[at] for at in layers if f".{at}".endswith(f".{end}")} for end in names}
    if unknown := [end for end, named in found.items() if not named]:
        there = ", ".join(sorted({layer.rpartition(".")[2] for layer in layers}))
        raise StudyError(f"{KEY}: no linear layer's name ends in '{unknown[0]}'; there are {there}")
    return set().union(*found.values())


def _owners(model: nn.Module, weight: Tensor) -> list[str]:
    """Names of the modules that have this weight: two, where a head is the embedding."""
    return [path for path, module in model.named_modules() if any(p is weight for p in module._parameters.values())]


def _rest(model: nn.Module, names: set[str]) -> list[str]:
    """Patterns of the names of the other matrices: embeddings, convolutions, experts in one piece."""
    return _patterns(name for name, p in model.named_parameters() if p.ndim > 1 and name not in names)


def _patterns(names: Iterable[str]) -> list[str]:
    """Names without the numbers of layers, each once."""
    return list(dict.fromkeys(re.sub(r"\.\d+(?=\.)", ".*", name) for name in names))


def _layers(model: nn.Module, names: Sequence[str]) -> tuple[int, int] | None:
    """How many layers hold these weights, and of how many that stand in a row with them; None without numbers."""
    holders = {found[0] for name in names if (found := re.match(r".*\.\d+(?=\.)", name))}
    rows = {re.sub(r"\d+", "*", holder) for holder in holders}
    all_layers = [path for path, _ in model.named_modules() if re.sub(r"\d+", "*", path) in rows]
    return (len(holders), len(all_layers)) if holders else None
