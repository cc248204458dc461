"""Find the queries, keys and values of a model's attention in autograd's graph of one pass, whatever the layers' names.

Names and layouts differ between models: a packed matrix may hold its three parts one after the other, head by head, or
group by group. In the graph, attention is one of PyTorch's fused products, or a softmax between two products. Following
the graph back from the query leads to the nearest weights. Their outputs that have a gradient from the query are the
queries; keys and values work the same way.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, Node

from generality.training.undisturbed import undisturbed

# The positions of a product's two operands among its inputs.
OPERANDS = {"Mm": (0, 1), "Bmm": (0, 1), "Convolution": (0, 1), "Addmm": (1, 2), "Baddbmm": (1, 2)}
LINEAR = {"Mm", "Addmm"}  # their right operand has its outputs in columns
TRANSPOSED = {"T", "Transpose", "Permute"}
VIEWS = TRANSPOSED | {
    "Alias", "Cat", "Clone", "Expand", "ReshapeAlias", "Select", "Slice", "Split", "SplitWithSizes", "Squeeze",
    "ToCopy", "UnsafeSplit", "UnsafeView", "Unsqueeze", "View",
}  # fmt: skip
ROLES = ("query", "key", "value")
Edge = tuple[Node, int]


class Projection(NamedTuple):
    """A weight's part in attention: for each role, a mask over the weight's outputs, which lie along `axis`."""

    axis: int
    roles: dict[str, Tensor]


class Attention(NamedTuple):
    """The attention in one pass of a model; names are those of `named_parameters()`."""

    projections: dict[str, Projection]
    attentions: int  # in the graph
    complete: int  # attentions with a projection of queries and one of values
    uncalled: set[str]  # weights that code other than their module's forward multiplies with


def find(model: nn.Module, objective: Any) -> Attention:
    """Run the first example of `objective`, a loop.Objective, through the model and return the attention in its graph.

    Leave model, gradients and random state unchanged.
    """
    names = {p: name for name, p in model.named_parameters()}
    with undisturbed(model), _counted_calls(model) as calls:
        graph = _Graph(objective.loss(model, objective.batch(0, np.arange(1)))[0].grad_fn)
        masks: dict[nn.Parameter, Projection] = {}
        attentions = complete = 0
        for roles in graph.attentions():
            weights = {role: [entry for edge in roles[role] for entry in graph.projections(edge)] for role in ROLES}
            for role, entries in weights.items():
                for weight, axis, mask in entries:
                    by_role = masks.setdefault(weight, Projection(axis, {})).roles
                    by_role[role] = by_role[role] | mask if role in by_role else mask
            attentions += 1
            complete += bool(weights["query"] and weights["value"])
        uses = graph.uses()
    uncalled = {names[p] for p, count in uses.items() if p in names and count > calls[p]}
    projections = {names[p]: projection for p, projection in masks.items() if p in names}
    return Attention(projections, attentions, complete, uncalled)


@contextmanager
def _counted_calls(model: nn.Module) -> Iterator[Counter]:
    """Yield a count of the calls of each weight's module."""
    calls: Counter = Counter()
    hooks = [
        module.register_forward_pre_hook(lambda module, _: calls.update([module.weight]))
        for module in model.modules()
        if isinstance(getattr(module, "weight", None), nn.Parameter)
    ]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _kind(node: Node) -> str:
    return re.sub(r"Backward\d+$", "", node.name())


class _Graph:
    """The graph of a loss."""

    def __init__(self, root: Node):
        self.consumers: dict[Node, list[tuple[Node, int]]] = defaultdict(list)
        self.nodes, waiting = {root: 0}, [root]  # numbered, so that orders repeat from run to run
        while waiting:
            node = waiting.pop()
            for index, (source, _) in enumerate(node.next_functions):
                if source is None:
                    continue
                self.consumers[source].append((node, index))
                if source not in self.nodes:
                    self.nodes[source] = len(self.nodes)
                    waiting.append(source)
        # Random weights, because normalisation layers turn ones into zeros. The global generator stays untouched.
        self.random = torch.Generator().manual_seed(0)

    def attentions(self) -> Iterator[dict[str, list[Edge]]]:
        """Yield the edges of each attention by role."""
        for node in self.nodes:
            if _kind(node).startswith("ScaledDotProduct"):
                yield {role: [edge] for role, edge in zip(ROLES, node.next_functions, strict=False)}
            elif _kind(node) in ("Softmax", "SafeSoftmax") and (scores := self._inner(node)):
                pairs = [self._sides(node, product) for product in scores]
                values = [edge for product, index in self._outer(node) if (edge := _other(product, index))[0]]
                yield dict(zip(ROLES, (*map(list, zip(*pairs, strict=True)), values), strict=True))

    def projections(self, edge: Edge) -> Iterator[tuple[nn.Parameter, int, Tensor]]:
        """Yield each weight that produces the values on `edge`, its outputs' axis, and a mask of those outputs."""
        for node in self._linear(edge):
            index = OPERANDS[_kind(node)][1]
            if _weight_at(node) != index or _kind(node) not in LINEAR | {"Convolution"}:
                continue  # the axis of the outputs in a batch of matrices is unknown
            inward = node.next_functions[index]
            entries = self._gradient((node, 0), inward, self._gradient(edge, (node, 0), self._draw(_empty(edge))))
            for leaf, transposed in _leaves(inward):
                axis = int(_kind(node) in LINEAR and not transposed)
                change = self._gradient(inward, (leaf, 0), entries)
                yield leaf.variable, axis, change.transpose(0, axis).flatten(1).ne(0).any(1)

    def uses(self) -> Counter:
        """Count the products of each weight."""
        counts: Counter = Counter()
        for node in self.nodes:
            if (index := _weight_at(node)) is not None:
                counts.update(leaf.variable for leaf, _ in _leaves(node.next_functions[index]))
        return counts

    def _inner(self, softmax: Node) -> list[Node]:
        """Return the products without weights that the softmax normalises: scores. Look through mixtures of heads."""
        sizes = set(softmax._saved_result.shape)

        def stop(node: Node) -> bool:
            if (index := _weight_at(node)) is None:
                return _kind(node) in OPERANDS
            weights = [leaf.variable for leaf, _ in _leaves(node.next_functions[index])]
            return not all(len(weight) == weight.shape[1] and len(weight) in sizes for weight in weights)

        products = self._walk([softmax.next_functions[0][0]], _sources, stop)
        return [node for node in products if _weight_at(node) is None]

    def _outer(self, softmax: Node) -> list[tuple[Node, int]]:
        """Return the products without weights that the normalised scores enter, and which operand the scores are."""
        stop = lambda entry: _kind(entry[0]) in OPERANDS and _weight_at(entry[0]) is None  # noqa: E731
        return self._walk(self.consumers[softmax], lambda entry: self.consumers[entry[0]], stop)

    def _linear(self, edge: Edge) -> list[Node]:
        """Return the nearest products with weights, or none if these belong to other layers.

        Look through convolutions channel by channel, which follow a projection in some models.
        """

        def stop(node: Node) -> bool:
            return _kind(node) in OPERANDS and not (_kind(node) == "Convolution" and node._saved_groups > 1)

        def nearest(node: Node | None) -> set[Node]:
            products = self._walk([node], _sources, stop) if node else []
            return {product for product in products if _weight_at(product) is not None}

        if edge[0] is None:  # a constant
            return []
        passed = self._walk([edge[0]], _sources, stop, passed=True)
        for node in passed:
            if _kind(node) == "Add":
                first, second = (nearest(source) for source, _ in node.next_functions)
                if first and second and first != second:  # a residual stream, which no single projection produces
                    return []
        return sorted(nearest(edge[0]), key=self.nodes.__getitem__)

    def _sides(self, softmax: Node, product: Node) -> tuple[Edge, Edge]:
        """Return the query's and the key's side of the scores.

        The scores of one query are a row or a column of the product, which tells the sides apart.
        """
        probabilities, dim = softmax._saved_result, softmax._saved_dim
        dim = dim - 2**64 if dim >= 2**63 else dim  # a negative number, stored without its sign
        rows = probabilities.movedim(dim, -1)
        chosen = torch.zeros_like(rows).flatten(0, -2)
        widest = int((rows > 0).sum(-1).flatten().argmax())  # a query that sees the most keys
        chosen[widest] = self._draw(chosen[widest])
        scores = softmax.next_functions[0]
        weight = chosen.view(rows.shape).movedim(-1, dim).to(_empty(scores).dtype)
        change = self._gradient(scores, (product, 0), weight)
        first, second = (product.next_functions[index] for index in OPERANDS[_kind(product)])
        changed = change.ne(0).flatten(0, -3).any(0)
        return (first, second) if changed.any(1).sum() <= changed.any(0).sum() else (second, first)

    def _draw(self, like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=self.random).to(like.device, like.dtype)

    @staticmethod
    def _gradient(of: Edge, by: Edge, weight: Tensor) -> Tensor:
        """Return the gradient of the weighted sum of the values on edge `of` by the values on edge `by`."""
        edges = [GradientEdge(*of)], [GradientEdge(*by)]
        return torch.autograd.grad(*edges, [weight], retain_graph=True)[0]

    @staticmethod
    def _walk(start: list, onward: Callable, stop: Callable[[Any], bool], passed: bool = False) -> list:
        """Walk `onward` from `start`; return the nearest places to stop at, or, if `passed`, the places before them."""
        seen, waiting, places = set(start), list(start), {True: [], False: []}
        while waiting:
            place = waiting.pop()
            ends = stop(place)
            places[ends].append(place)
            for following in () if ends else onward(place):
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
        return places[not passed]


def _sources(node: Node) -> list[Node]:
    return [source for source, _ in node.next_functions if source]


def _empty(edge: Edge) -> Tensor:
    """Return an uninitialised tensor of the shape, type and device of the values on an edge."""
    metadata = edge[0]._input_metadata[edge[1]]
    return torch.empty(metadata.shape, dtype=metadata.dtype, device=metadata.device)


def _other(product: Node, index: int) -> Edge:
    first, second = OPERANDS[_kind(product)]
    return product.next_functions[second if index == first else first]


def _weight_at(node: Node) -> int | None:
    """Return which operand of a product is a weight; None if neither is, or if the node is not a product."""
    for index in reversed(OPERANDS.get(_kind(node), ())):  # a learnt input may stand to the left of its weight
        if _leaves(node.next_functions[index]):
            return index
    return None


def _leaves(edge: Edge) -> list[tuple[Node, bool]]:
    """Return the parameters of two or more dimensions that an operand is a view of, each with whether it is transposed.

    Return none if the operand is computed from anything else.
    """
    waiting, leaves = [(edge[0], False)], []
    while waiting:
        node, transposed = waiting.pop()
        if node is None:
            continue
        if hasattr(node, "variable"):
            if node.variable.ndim < 2:
                return []
            leaves.append((node, transposed))
        elif _kind(node) in VIEWS:
            waiting += [(source, transposed ^ (_kind(node) in TRANSPOSED)) for source, _ in node.next_functions]
        else:
            return []
    return leaves
