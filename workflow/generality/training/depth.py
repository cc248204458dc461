"""The depth of each entry of a model, as a pass of one example shows; the names of layers do not count."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from generality.errors import StudyError
from generality.training.undisturbed import undisturbed


def depths(model: nn.Module, run: Callable[[], Any]) -> dict[str, float]:
    """Return the depth of each entry of the model's state, between 0 (first block) and 1 (last block).

    `run` passes one example through the model. Blocks are the children of a `ModuleList` with two of one class, or of a
    `Sequential` with children of one class alone: a transformer's layers, or the residual blocks of a ResNet. They
    count in the order of their calls. With L blocks, an entry has depth ℓ / (L − 1) if the output of block ℓ, counted
    from 0, is the first that depends on it, and 1 if only the model's output does. An entry that nothing depends on,
    such as a running mean, is as deep as the first entry of the innermost module that has it and others.

    Raise StudyError for a model without blocks.
    """
    outputs: dict[nn.Module, Any] = {}  # of each block's first call, since `run` may pass more than once

    def keep(block: nn.Module, _: Any, output: Any) -> None:
        if torch.is_grad_enabled():
            outputs.setdefault(block, output)

    handles = [block.register_forward_hook(keep) for block in _blocks(model)]
    frozen = [p for p in model.parameters() if p.is_floating_point() and not p.requires_grad]
    try:
        for parameter in frozen:
            parameter.requires_grad_(True)
        with undisturbed(model):
            run()
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)
        for handle in handles:
            handle.remove()
    if len(outputs) < 2:
        raise StudyError("this model has no blocks of one class that follow each other, so its layers have no depth")
    first: dict[int, float] = {}
    seen: set = set()
    for place, output in enumerate(outputs.values()):
        for tensor in _tensors(output):
            first |= {id(parameter): place / (len(outputs) - 1) for parameter in _ingredients(tensor, seen)}
    entries = {name: first.get(id(entry), 1.0) for name, entry in model.named_parameters(remove_duplicate=False)}
    return {name: entries[name] if name in entries else _beside(name, entries) for name in model.state_dict()}


def depths_in_training(model: nn.Module, objective: Any) -> dict[str, float]:
    """Return the depth of each entry of a model, by the first example of a loop.Objective."""
    return depths(model, lambda: objective.loss(model, objective.batch(0, np.arange(1))))


def _beside(name: str, entries: Mapping[str, float]) -> float:
    """Return the least depth of the entries in the innermost module that has the buffer `name` and any of them."""
    module = name.rpartition(".")[0]
    inside = [depth for entry, depth in entries.items() if entry.startswith(f"{module}." if module else "")]
    return min(inside) if inside else _beside(module, entries)


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the outermost blocks of a module."""
    for child in module.children():
        count, classes = len(list(child.children())), len(set(map(type, child.children())))
        if count > classes and (
            isinstance(child, nn.ModuleList) or (isinstance(child, nn.Sequential) and classes == 1)
        ):
            yield from child.children()
        else:
            yield from _blocks(child)


def _tensors(output: Any) -> Iterator[Tensor]:
    """Yield the tensors of a block's output, which may be a tuple or a mapping."""
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, dict):
        yield from _tensors(tuple(output.values()))
    elif isinstance(output, tuple | list):
        for part in output:
            yield from _tensors(part)


def _ingredients(tensor: Tensor, seen: set) -> Iterator[Tensor]:
    """Yield the leaves that a tensor was computed from, but for the parts of its graph in `seen`, which grows."""
    nodes = [tensor.grad_fn]
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            yield node.variable
        nodes.extend(following for following, _ in node.next_functions)
