"""The choice of weights that LoRA changes: queries and values, all linear layers, or layers by name."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from generality.errors import StudyError
from generality.methods.lora import ALL_LINEAR, QUERIES_VALUES
from generality.training.attention import Attention, find
from generality.training.low_rank import Target

PACKED = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")  # of torch's MultiheadAttention


def choose(
    model: nn.Module, objective: Any, targets: str | Sequence[str], key: str = "methods.lora.targets"
) -> tuple[list[Target], str]:
    """Return the weights that `targets` selects, in the model's order, and a line that describes them.

    `targets` is "queries-values", "all-linear" (all but the head), or a list of names of layers or ends of such names.
    One example of `objective` runs through the model. Raise StudyError with the `key` if there are no such weights.
    """
    attention = find(model, objective)
    try:
        chosen, what = _chosen(model, attention, targets)
    except StudyError as error:
        raise StudyError(f"{key}: {error}") from None
    weights = {target.name: model.get_parameter(target.name) for target in chosen}
    changed = sum(
        sum(map(len, target.groups)) * (weights[target.name].numel() // weights[target.name].shape[target.axis])
        for target in chosen
    )
    return chosen, f"{what}: {changed / sum(p.numel() for p in model.parameters()):.2%} of all parameters"


def _chosen(model: nn.Module, attention: Attention, targets: str | Sequence[str]) -> tuple[list[Target], str]:
    if targets == QUERIES_VALUES:
        return _queries_and_values(model, attention)
    if targets == ALL_LINEAR:
        names = {name for name, weight in _linear(model) if weight is not _head_weight(model)}
        chosen = _whole(model, attention, names)
        rest = _patterns(name for name, p in model.named_parameters() if p.ndim > 1 and name not in names)
        return chosen, f"all {len(chosen)} linear layers but the head; not {', '.join(rest)}"
    chosen = _whole(model, attention, _named(model, targets))
    return chosen, f"{len(chosen)} layers, {', '.join(_patterns(target.name for target in chosen))}"


def _queries_and_values(model: nn.Module, attention: Attention) -> tuple[list[Target], str]:
    chosen, shared = [], []
    for name, weight in model.named_parameters():
        if name not in attention.projections:
            continue
        axis, roles = attention.projections[name]
        none = torch.zeros(weight.shape[axis], dtype=torch.bool, device=weight.device)
        keys, queries, values = (roles.get(role, none) for role in ("key", "query", "value"))
        if (keys & (queries | values)).any():
            shared.append(name)
        masks = [queries & ~keys, values & ~queries & ~keys]
        if groups := [mask.nonzero()[:, 0] for mask in masks if mask.any()]:
            chosen.append(_target(model, attention, name, axis, groups))
    if not chosen:
        raise StudyError(
            f"this model has no attention whose queries and values show; set {ALL_LINEAR}, or names of layers"
        )
    description = f"queries and values of {attention.complete} of {attention.attentions} attentions"
    if layers := _layers(model, [target.name for target in chosen]):
        description += f", in {layers[0]} of {layers[1]} layers"
    if shared:
        description += f", without the outputs of {', '.join(_patterns(shared))} that are keys as well"
    return chosen, f"{description} ({len(chosen)} matrices)"


def _whole(model: nn.Module, attention: Attention, names: set[str]) -> list[Target]:
    """Return these weights with all their outputs as targets."""
    chosen = []
    for name, weight in model.named_parameters(remove_duplicate=False):
        if name in names:
            axis = int(_is_conv1d(model.get_submodule(name.rpartition(".")[0])))
            outputs = torch.arange(weight.shape[axis], device=weight.device)
            chosen.append(_target(model, attention, name, axis, [outputs]))
    return chosen


def _target(model: nn.Module, attention: Attention, name: str, axis: int, groups: list[Tensor]) -> Target:
    path, entry = name.rpartition(".")[::2]
    module = model.get_submodule(path)
    weight = getattr(module, entry)
    owners = [path for path, owner in model.named_modules() if any(p is weight for p in owner._parameters.values())]
    if len(owners) > 1:  # such as a head and an embedding; a change of one would change the other
        raise StudyError(f"{' and '.join(owners)} are one matrix; name layers other than these")
    linear = entry == "weight" and (isinstance(module, nn.Linear) or _is_conv1d(module))
    parents = sum(module in list(parent.children()) for parent in model.modules())
    called = linear and parents == 1 and name not in attention.uncalled
    return Target(name, axis, groups, called, called and [*map(len, groups)] == [weight.shape[axis]])


def _is_conv1d(module: nn.Module) -> bool:
    """Return whether a module is transformers' layer of GPT-2, whose outputs are columns; do not import the class."""
    return type(module).__name__ == "Conv1D" and type(module).__module__ == "transformers.pytorch_utils"


def _linear(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    for path, module in model.named_modules():
        entries = ("weight",) if isinstance(module, nn.Linear) or _is_conv1d(module) else ()
        for entry in PACKED if isinstance(module, nn.MultiheadAttention) else entries:
            if (weight := getattr(module, entry)) is not None:
                yield f"{path}.{entry}".lstrip("."), weight


def _head_weight(model: nn.Module) -> Tensor | None:
    """Return the weight of the head, which makes the logits of a language model or classifier."""
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else getattr(model, "head", None)
    return getattr(head, "weight", None)


def _named(model: nn.Module, names: Sequence[str]) -> set[str]:
    """Return the names of the weights of linear layers whose names end in one of `names`."""
    linear = [name for name, _ in _linear(model)]
    layers = {name.removesuffix(".weight"): name for name in linear}
    matches = {end: {layers[path] for path in layers if f".{path}".endswith(f".{end}")} for end in names}
    if unknown := [end for end, weights in matches.items() if not weights]:
        ends = ", ".join(sorted({layer.rpartition(".")[2] for layer in layers}))
        raise StudyError(f"no linear layer's name ends in '{unknown[0]}'; there are {ends}")
    return set().union(*matches.values())


def _patterns(names: Iterable[str]) -> list[str]:
    """Return the names with `*` for the numbers of layers, each once."""
    return list(dict.fromkeys(re.sub(r"\.\d+(?=\.)", ".*", name) for name in names))


def _layers(model: nn.Module, names: Sequence[str]) -> tuple[int, int] | None:
    """Return how many layers hold these weights, and how many such layers there are; None if layers have no numbers."""
    holders = {match[0] for name in names if (match := re.match(r".*\.\d+(?=\.)", name))}
    rows = {re.sub(r"\d+", "*", holder) for holder in holders}
    all_layers = [path for path, _ in model.named_modules() if re.sub(r"\d+", "*", path) in rows]
    return (len(holders), len(all_layers)) if holders else None
