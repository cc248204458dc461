"""Find the queries, keys and values of a model's attention in its graph of one pass, whatever its layers are called.

Names and layouts differ: a packed matrix may hold its three parts one after the other, head by head, or group by group.
The graph that autograd records shows them: attention is a fused product of PyTorch's, or a softmax between two
products. From its query the graph is followed back to the nearest weights; the outputs of these weights that have a
gradient from the query are the queries.
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

# Where a product's two operands are among its inputs.
OPERANDS = {"Mm": (0, 1), "Bmm": (0, 1), "Convolution": (0, 1), "Addmm": (1, 2), "Baddbmm": (1, 2)}
LINEAR = {"Mm", "Addmm"}  # whose right operand has its outputs in columns
TRANSPOSED = {"T", "Transpose", "Permute"}
VIEWS = TRANSPOSED | {
    "Alias", "Cat", "Clone", "Expand", "ReshapeAlias", "Select", "Slice", "Split", "SplitWithSizes", "Squeeze",
    "ToCopy", "UnsafeSplit", "UnsafeView", "Unsqueeze", "View",
}  # fmt: skip
ROLES = ("query", "key", "value")
Edge = tuple[Node, int]


class Projection(NamedTuple):
    """The part of a weight in attention: per role, a mask over its outputs, which lie along `axis`."""

    axis: int
    roles: dict[str, Tensor]


class Found(NamedTuple):
    """The attention that one pass of a model shows, by names of `named_parameters()`."""

    projections: dict[str, Projection]
    attentions: int  # in the graph
    whole: int  # of these, the ones with both a projection of queries and one of values
    uncalled: set[str]  # weights that are multiplied with by other code than their module's forward


def find(model: nn.Module, objective: Any) -> Found:
    """Take the first example of `objective`, a loop.Objective, through the model and read the graph.

    Model, gradients and random state stay as they were.
    """
    names = {p: name for name, p in model.named_parameters()}
    with _undisturbed(model), _counted_calls(model) as calls:
        graph = _Graph(objective.loss(model, objective.batch(0, np.arange(1)))[0].grad_fn)
        masks: dict[nn.Parameter, Projection] = {}
        attentions = whole = 0
        for roles in graph.attentions():
            shown = {role: [found for edge in roles[role] for found in graph.projections(edge)] for role in ROLES}
            for role, found in shown.items():
                for weight, axis, mask in found:
                    known = masks.setdefault(weight, Projection(axis, {})).roles
                    known[role] = known[role] | mask if role in known else mask
            attentions += 1
            whole += bool(shown["query"] and shown["value"])
        used = graph.uses()
    uncalled = {names[p] for p, count in used.items() if p in names and count > calls[p]}
    return Found({names[p]: found for p, found in masks.items() if p in names}, attentions, whole, uncalled)


@contextmanager
def _undisturbed(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, no compiled code, gradients on; after it the modes and the random state of before."""
    modes = [(module, module.training) for module in model.modules()]
    where = next(model.parameters()).device
    with (
        torch.random.fork_rng([where] if where.type == "cuda" else []),
        torch.compiler.set_stance("force_eager"),
        torch.enable_grad(),
    ):
        model.eval()
        try:
            yield
        finally:
            for module, mode in modes:
                module.training = mode


@contextmanager
def _counted_calls(model: nn.Module) -> Iterator[Counter]:
    """Count how often the module of each weight is called."""
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
        self.nodes, waiting = {root: 0}, [root]  # numbered, so that an order repeats
        while waiting:
            node = waiting.pop()
            for index, (source, _) in enumerate(node.next_functions):
                if source is None:
                    continue
                self.consumers[source].append((node, index))
                if source not in self.nodes:
                    self.nodes[source] = len(self.nodes)
                    waiting.append(source)
        # Not torch.ones, which layers of normalisation turn into zeros; not the global generator.
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
        """Yield the weights that make what flows along `edge`, the axis of their outputs, and which these are."""
        for node in self._linear(edge):
            index = OPERANDS[_kind(node)][1]
            if _weight_at(node) != index or _kind(node) not in LINEAR | {"Convolution"}:
                continue  # of a batch of matrices nothing says which axis its outputs lie along
            inward = node.next_functions[index]
            entries = self._gradient((node, 0), inward, self._gradient(edge, (node, 0), self._draw(_empty(edge))))
            for leaf, transposed in _leaves(inward):
                axis = int(_kind(node) in LINEAR and not transposed)
                change = self._gradient(inward, (leaf, 0), entries)
                yield leaf.variable, axis, change.transpose(0, axis).flatten(1).ne(0).any(1)

    def uses(self) -> Counter:
        """How many products each weight takes part in."""
        counts: Counter = Counter()
        for node in self.nodes:
            if (index := _weight_at(node)) is not None:
                counts.update(leaf.variable for leaf, _ in _leaves(node.next_functions[index]))
        return counts

    def _inner(self, softmax: Node) -> list[Node]:
        """Return the products without weights whose sum is normalised: scores. A mixture of the heads is passed."""
        sizes = set(softmax._saved_result.shape)

        def stop(node: Node) -> bool:
            if (index := _weight_at(node)) is None:
                return _kind(node) in OPERANDS
            weights = [leaf.variable for leaf, _ in _leaves(node.next_functions[index])]
            return not all(len(weight) == weight.shape[1] and len(weight) in sizes for weight in weights)

        found = self._walk([softmax.next_functions[0][0]], _sources, stop)
        return [node for node in found if _weight_at(node) is None]

    def _outer(self, softmax: Node) -> list[tuple[Node, int]]:
        """The products without weights that the normalised scores enter, and the operand that they are."""
        stop = lambda entry: _kind(entry[0]) in OPERANDS and _weight_at(entry[0]) is None  # noqa: E731
        return self._walk(self.consumers[softmax], lambda entry: self.consumers[entry[0]], stop)

    def _linear(self, edge: Edge) -> list[Node]:
        """The nearest products with weights; none where that would be those of other layers.

        Convolutions channel by channel, which follow a projection in some models, are passed.
        """

        def stop(node: Node) -> bool:
            return _kind(node) in OPERANDS and not (_kind(node) == "Convolution" and node._saved_groups > 1)

        def nearest(node: Node | None) -> set[Node]:
            found = self._walk([node], _sources, stop) if node else []
            return {product for product in found if _weight_at(product) is not None}

        if edge[0] is None:  # a constant
            return []
        passed = self._walk([edge[0]], _sources, stop, passed=True)
        for node in passed:
            if _kind(node) == "Add":
                first, second = (nearest(source) for source, _ in node.next_functions)
                if first and second and first != second:  # a residual stream, so there is no projection of its own
                    return []
        return sorted(nearest(edge[0]), key=self.nodes.__getitem__)

    def _sides(self, softmax: Node, product: Node) -> tuple[Edge, Edge]:
        """The query's and the key's side of scores: the scores of one query are a row or a column of the product."""
        probabilities, dim = softmax._saved_result, softmax._saved_dim
        dim = dim - 2**64 if dim >= 2**63 else dim  # a negative number, stored without its sign
        rows = probabilities.movedim(dim, -1)
        chosen = torch.zeros_like(rows).flatten(0, -2)
        seen = int((rows > 0).sum(-1).flatten().argmax())  # of the queries, one that sees the most keys
        chosen[seen] = self._draw(chosen[seen])
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
        """The gradient, by what flows along one edge, of what flows along another, weighted."""
        edges = [GradientEdge(*of)], [GradientEdge(*by)]
        return torch.autograd.grad(*edges, [weight], retain_graph=True)[0]

    @staticmethod
    def _walk(start: list, onward: Callable, stop: Callable[[Any], bool], passed: bool = False) -> list:
        """From `start` `onward` to the nearest places at which to stop; or, `passed`, those before them."""
        seen, waiting, found = set(start), list(start), {True: [], False: []}
        while waiting:
            place = waiting.pop()
            ends = stop(place)
            found[ends].append(place)
            for following in () if ends else onward(place):
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
        return found[not passed]


def _sources(node: Node) -> list[Node]:
    return [source for source, _ in node.next_functions if source]


def _empty(edge: Edge) -> Tensor:
    """A tensor like that which flows along an edge."""
    about = edge[0]._input_metadata[edge[1]]
    return torch.empty(about.shape, dtype=about.dtype, device=about.device)


def _other(product: Node, index: int) -> Edge:
    first, second = OPERANDS[_kind(product)]
    return product.next_functions[second if index == first else first]


def _weight_at(node: Node) -> int | None:
    """Return which operand of a product is a weight; None where neither is, or where it is no product."""
    for index in reversed(OPERANDS.get(_kind(node), ())):  # a learnt input may stand at the left of its weight
        if _leaves(node.next_functions[index]):
            return index
    return None


def _leaves(edge: Edge) -> list[tuple[Node, bool]]:
    """The parameters of two or more dimensions that an operand is a view of, and whether it is transposed; or none."""
    waiting, found = [(edge[0], False)], []
    while waiting:
        node, transposed = waiting.pop()
        if node is None:
            continue
        if hasattr(node, "variable"):
            if node.variable.ndim < 2:
                return []
            found.append((node, transposed))
        elif _kind(node) in VIEWS:
            waiting += [(source, transposed ^ (_kind(node) in TRANSPOSED)) for source, _ in node.next_functions]
        else:
            return []
    return found
