"""The benches of training in little, and what they made faster: the same results, to the bit."""

import copy
import threading

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks import distillation, language_steps, later_methods, penalties
from benchmarks.pairs import Context
from benchmarks.trainings import Turns, taking_turns, tiny_clip, tiny_opt
from generality.methods import kd
from generality.training import weight_penalty
from generality.training.method import make_method
from generality.training.weight_penalty import pieces


@pytest.fixture
def context(tmp_path):
    return Context(tmp_path, tmp_path / "no-peers", rounds=1, tiny=True)


# The benches

PASSES = ["≤ 1.10"] * 6 + ["≤ 1.38", "≤ 1.47"]  # then come those that rehearse a quarter as many examples
LATER = PASSES + ["≤ 1.40"] + PASSES[1:] + ["≤ 1.10"] * 4 + ["≤ 1.38", "≤ 1.47"]


@pytest.mark.parametrize(
    ("bench", "targets"),
    [
        (penalties, ["≤ 1.03", "≥ 1.5"] * 4),
        (distillation, ["≤ 1.10", "≤ 1.40", "≤ 1.40", "≤ 1.10"]),
        (later_methods, LATER),
        (language_steps, ["≥ 1.3"]),
    ],
)
def test_a_bench_in_little(bench, targets, context, monkeypatch):
    monkeypatch.chdir(context.folder)  # the Trainer likes to make folders
    rows = bench.rows(context)
    assert [row.target for row in rows] == targets
    for row in rows:
        assert len(row.values) == len(row.against) == 1
        assert min(*row.values, *row.against) > 0
        assert row.unit == "ms"
    assert [row.note for row in rows if "asking the teacher once" in row.note] == (
        [rows[0].note, rows[3].note] if bench is distillation else []
    )


def test_penalties_that_differ_are_not_compared():
    model = tiny_clip("none", True)[0]
    for ours, usual in (("l1", "l2"), ("l2", "l1")):
        with pytest.raises(AssertionError):
            penalties.agree(
                copy.deepcopy(model), make_method(ours, **{"lambda": 1.0}), penalties.Term(penalties.TERMS[usual], 1.0)
            )


def test_an_answer_that_is_not_the_teachers_is_found():
    model, objective, _ = tiny_clip("none", True)
    answers = objective.remember(copy.deepcopy(model))(np.arange(len(objective))).detach()
    answers[-1] += 0.01
    objective.remember = lambda teacher: lambda examples: answers[examples]
    with pytest.raises(AssertionError):
        distillation.seconds_of_asking(model, objective)


def test_losses_that_differ_are_not_compared(tmp_path, monkeypatch):
    model, objective, train = tiny_opt(tmp_path, True)
    train |= {"optimizer": "adamw"}
    language_steps.agree(model, objective, train, tmp_path)
    monkeypatch.setattr(language_steps, "IGNORED", 5)  # a token like any other: the Trainer learns prompts too
    with pytest.raises(AssertionError):
        language_steps.agree(model, objective, train, tmp_path)


def test_trainings_take_turns_and_end():
    taken = {"one": [], "two": []}

    def training(name, steps=5):
        def run(after):
            for step in range(steps + 1):
                after(step)
                taken[name].append(step)

        return run

    with taking_turns({name: training(name) for name in taken}, 2) as turns:
        assert taken == {"one": [], "two": []}
        turns["one"]()
        turns["one"]()
        turns["two"]()
        assert taken == {"one": [0, 1, 2, 3], "two": [0, 1]}
        with pytest.raises(RuntimeError, match="at its end"):
            turns["one"]()
    assert not any(one.thread.is_alive() for one in turns.values())
    assert taken["two"] == [0, 1]

    def fails(after):
        after(0)
        raise ValueError("no such thing")

    before, turn = threading.active_count(), Turns(fails, 1)
    with pytest.raises(ValueError, match="no such thing"):
        turn()
    turn.end()
    assert threading.active_count() <= before


# What they made faster


@pytest.mark.parametrize("size", [1, 50, 64, 10**9])
def test_a_tensor_is_cut_into_rows_that_are_views(size, monkeypatch):
    monkeypatch.setattr(weight_penalty, "PIECE", size)
    for tensor in (
        torch.arange(60.0).view(12, 5),
        torch.arange(60.0).view(5, 12).T,
        torch.arange(100.0),
        torch.ones(0),
    ):
        parts = pieces(tensor)
        assert torch.equal(torch.cat(parts), tensor)
        row = tensor[:1].numel()
        assert all(piece.numel() <= max(size, row) for piece in parts)
        for piece in parts:
            piece.zero_()
        assert not tensor.any()
    number = torch.tensor(3.0)
    pieces(number)[0].zero_()
    assert number == 0


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_in_pieces_a_penalty_is_the_same_to_the_bit(name, monkeypatch):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 7, 3), nn.Linear(37, 129), nn.Linear(1001, 3))
    model.register_parameter("number", nn.Parameter(torch.tensor(2.0)))
    moves = [torch.randn_like(p) for p in model.parameters()]
    before = [torch.randn_like(p) for p in model.parameters()]
    gradients, values = {}, {}
    for size in (10**9, 100):
        monkeypatch.setattr(weight_penalty, "PIECE", size)
        clone, method = copy.deepcopy(model), make_method(name, **{"lambda": 0.3})
        method.begin(clone, None)
        with torch.no_grad():
            for p, move, gradient in zip(clone.parameters(), moves, before, strict=True):
                p += move
                p.grad = gradient.clone()
        method.add_gradients()
        gradients[size], values[size] = [p.grad for p in clone.parameters()], method.penalty(None)
    for one, cut, plain in zip(gradients[10**9], gradients[100], before, strict=True):
        assert torch.equal(one, cut)
        assert not torch.equal(one, plain)
    assert values[100] == pytest.approx(values[10**9], rel=1e-6)


def test_distillation_is_its_definition_to_the_bit():
    torch.manual_seed(0)
    method = kd.Distillation(**{"lambda": 0.7})
    outputs, answers = torch.randn(33, 17), torch.randn(33, 17)
    method.recall = lambda examples: answers
    losses, gradients = [], []
    for loss in (
        lambda x: method.loss(lambda: x, None, np.arange(33)),
        lambda x: 0.7 * (x - answers).square().sum() / len(x),
    ):
        logits = outputs.clone().requires_grad_()
        losses.append(loss(logits))
        losses[-1].backward()
        gradients.append(logits.grad)
    assert torch.equal(*losses)
    assert torch.equal(*gradients)
