"""Fine-tuning methods against their definitions."""

import copy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from generality.errors import StudyError
from generality.methods import looks
from generality.runtime.imports import library
from generality.storage.unfinished import unfinished
from generality.training import series
from generality.training.logits import Logits, computed, squared_distance
from generality.training.loop import fit, lr_factor, order
from generality.training.method import make_method
from regression import Regression, network
from small_trainings import TRAIN

WORKFLOW = Path(__file__).parents[2] / "workflow"


@pytest.mark.parametrize(("name", "power"), [("l1", 1), ("l2", 2)])
def test_penalty_gradient_equals_the_autograd_form(name, power):
    model = network()
    start = copy.deepcopy(model)
    method = make_method(name, **{"lambda": 0.3})
    method.begin(model, None)
    with torch.no_grad():
        for index, p in enumerate(model.parameters()):
            if index != 1:  # one parameter stays where it was: the gradient of |0| must be 0
                p.add_(torch.randn_like(p))
    objective = Regression()
    batch = objective.batch(0, np.arange(16))

    loss, _ = objective.loss(model, batch)
    pairs = model.parameters(), start.parameters()
    distance = sum((p - p0.detach()).abs().pow(power).sum() for p, p0 in zip(*pairs, strict=True))
    expected = torch.autograd.grad(loss + 0.3 * distance, list(model.parameters()))

    loss, _ = objective.loss(model, batch)
    loss.backward()
    method.add_gradients()
    for p, gradient in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(p.grad, gradient)
    assert method.penalty(None) == pytest.approx(0.3 * distance.item(), rel=1e-5)


def test_distillation_is_the_squared_difference_to_the_start_whether_cached_or_not():
    model, objective = network(), Regression()
    start = copy.deepcopy(model)
    cached, uncached = make_method("kd", **{"lambda": 0.7}), make_method("kd", **{"lambda": 0.7})
    cached.begin(model, objective)
    objective.remember = lambda model: None
    uncached.begin(model, objective)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1)
    examples = np.array([3, 40, 7])
    batch = objective.batch(0, examples)
    outputs = model(batch[0])
    expected = 0.7 * (outputs - start(batch[0])).square().sum(1).mean()
    torch.testing.assert_close(cached.loss(lambda: outputs, batch, examples), expected)
    torch.testing.assert_close(uncached.loss(lambda: outputs, batch, examples), expected)


@pytest.mark.parametrize("bias", [False, True])
def test_the_distance_of_logits_that_are_not_computed_is_theirs(bias):
    torch.manual_seed(0)
    ours, theirs = (Logits.of(torch.randn(30, 8), torch.nn.Linear(8, 50, bias=bias)) for _ in range(2))
    actual, expected = [], []
    for values, distance in ((actual, squared_distance), (expected, plain_distance)):
        states, weight = (x.detach().double().requires_grad_() for x in (ours.states, ours.weight))
        far = Logits(theirs.states.double(), theirs.weight.detach().double())
        values += [value := distance(Logits(states, weight), far), *torch.autograd.grad(3 * value, (states, weight))]
    torch.testing.assert_close(actual, expected)


def test_the_distance_of_near_logits_is_exact_where_they_are_large():
    torch.manual_seed(0)
    head = torch.nn.Linear(8, 50, bias=False)
    start = Logits.of(100 * torch.randn(30, 8), head)
    assert squared_distance(start, start).item() == 0
    near = Logits(start.states + 1e-3 * torch.randn(30, 8), start.weight.detach())
    exact = plain_distance(*(Logits(x.states.double(), x.weight.double()) for x in (near, start)))
    assert squared_distance(near, start).item() == pytest.approx(exact.item(), rel=1e-4)
    assert plain_distance(near, start).item() != pytest.approx(exact.item(), rel=1e-4)


def plain_distance(ours, theirs):
    return (computed(ours) - computed(theirs)).square().sum()


@pytest.mark.parametrize(("name", "weight"), [("l1", 1e-2), ("l2", 1.0), ("kd", 10.0)])
def test_a_penalty_keeps_the_model_nearer_to_the_start(name, weight, tmp_path):
    objective, lengths = Regression(), {}
    for method in (make_method("full"), make_method(name, **{"lambda": weight})):
        model, start = network(), network()
        fit(model, objective, method, train=TRAIN | {"epochs": 20}, seed=1, log=tmp_path / "log.csv", what="test")
        outputs = [f(objective.x) for f in (model, start)] if name == "kd" else None
        distance = (outputs[0] - outputs[1]).norm() if outputs else sum(
            (p - q).abs().sum() for p, q in zip(model.parameters(), start.parameters(), strict=True)
        )  # fmt: skip
        lengths[type(method).__name__] = distance.item()
    plain, regularised = lengths.values()
    assert regularised < 0.8 * plain


def test_fit_lowers_the_loss_writes_its_log_and_repeats_exactly(tmp_path):
    objective, results = Regression(), []
    for name in ("one.csv", "two.csv"):
        model = network()
        before = objective.loss(model, (objective.x, objective.y))[0].item()
        fit(
            model, objective, make_method("full"), train=TRAIN | {"epochs": 6}, seed=3, log=tmp_path / name, what="test"
        )
        assert objective.loss(model, (objective.x, objective.y))[0].item() < before
        results.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert torch.equal(*results)
    rows = (tmp_path / "one.csv").read_text().splitlines()
    assert rows[0] == "step,epoch,loss,penalty,lr,grad_norm"
    assert [int(row.split(",")[0]) for row in rows[1:]] == [0, 10, 20, 23]  # 64/16 steps × 6 epochs


def test_a_diverging_run_fails_and_names_its_log(tmp_path):
    with pytest.raises(StudyError, match=r"log\.csv: training diverged at step \d+.*train\.lr"):
        fit(
            network(), Regression(), make_method("l2", **{"lambda": 1e38}), train=TRAIN | {"lr": 1e30}, seed=1,
            log=tmp_path / "log.csv", what="test",
        )  # fmt: skip


def test_a_batch_larger_than_the_data_is_refused(tmp_path):
    with pytest.raises(StudyError, match=r"train\.batch_size: 128 .* 64 training points"):
        fit(
            network(),
            Regression(),
            make_method("full"),
            train=TRAIN | {"batch_size": 128},
            seed=1,
            log=tmp_path / "l",
            what="",
        )


def test_the_order_is_a_permutation_of_seed_and_epoch():
    assert sorted(order(1, 0, 50)) == list(range(50))
    assert (order(1, 0, 50) == order(1, 0, 50)).all()
    assert (order(1, 0, 50) != order(1, 1, 50)).any()
    assert (order(1, 0, 50) != order(2, 0, 50)).any()


def test_schedules():
    assert [lr_factor(s, 10, 4, "linear") for s in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert lr_factor(4, 10, 4, "cosine") == 1.0
    assert lr_factor(7, 10, 4, "linear") == pytest.approx(0.5)
    assert lr_factor(7, 10, 4, "cosine") == pytest.approx(0.5)
    assert lr_factor(99, 100, 0, "cosine") < 1e-3


def test_an_unfinished_training_is_of_its_methods_code(tmp_path, monkeypatch):
    stages = []

    def noting(folder, *modules, **options):
        stages.extend(modules)
        return unfinished(folder, *modules, **options)

    monkeypatch.setattr(series, "unfinished", noting)
    series.fit_and_save(
        tmp_path / "out", Path.touch, network(), Regression(), stage="generality.storage.files", inputs=[], method="l1",
        hyperparameters={"lambda": 0.1}, train=TRAIN, seed=1, log=tmp_path / "log.csv",
    )  # fmt: skip
    names = {Path(file).name for file in library(*stages)}
    assert {"files.py", "l1.py", "weight_penalty.py"} <= names
    assert "l2.py" not in names


def test_only_a_method_that_trains_can_be_made():
    with pytest.raises(StudyError, match="methods: no method is called 'head_only'; there are: der, der_labels, dora"):
        make_method("head_only")
    with pytest.raises(StudyError, match="methods: 'wise' trains nothing; name a method that does"):
        make_method("wise")


def test_a_declaration_costs_no_import_of_torch():
    script = "import sys; from generality.methods import looks, registry; registry(), looks(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=WORKFLOW)
    assert not {"torch", "numpy", "pandas"} & set(run.stdout.split())


def test_methods_have_looks_of_their_own():
    all_looks = looks()
    trained = (
        "full l1 l2 kd lora kl ewc lp_ft freeze layer_rates dora rslora pissa replay replay_control self_replay der "
        "der_labels osf flow eaft flyp"
    )
    assert " ".join(all_looks) == f"pretrained {trained} wise hma lines task_arithmetic ties soup model_stock"
    assert len({(look["color"], look["marker"]) for look in all_looks.values()}) == len(all_looks)
