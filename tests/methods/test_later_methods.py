"""The trained methods beside the paper's, against their definitions."""

import copy
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from generality.data.spread import places
from generality.data.text_set import open_text_set
from generality.errors import StudyError
from generality.language.causal_lm import load_causal_lm
from generality.language.finetune import text_objective
from generality.training.logits import Logits, computed, divergence
from generality.training.loop import fit
from generality.training.method import make_method
from regression import Regression, network
from small_trainings import LANGUAGE_TRAIN, TRAIN
from tiny_lms import NextOf, tiny_lm


class Others(Regression):
    """Seven examples beside those of the task."""

    def __init__(self):
        super().__init__(count=7)
        self.y = self.y + 1


FULL_RATE = LANGUAGE_TRAIN | {"clip_norm": 1e9, "batch_size": 8}  # one batch is an epoch, and nothing is clipped


def test_the_divergence_of_logits_that_are_not_computed_is_theirs(monkeypatch):
    monkeypatch.setattr("generality.training.logits.VALUES", 50 * 7)  # seven rows at a time
    torch.manual_seed(0)
    near, far = (Logits.of(torch.randn(30, 8), torch.nn.Linear(8, 50)) for _ in range(2))
    states, weight = (x.detach().clone().requires_grad_() for x in (near.states, near.weight))
    far = Logits(far.states, far.weight.detach())
    ours, theirs = ((logits.states @ logits.weight.T) for logits in (Logits(states, weight), far))
    value = divergence(Logits(states, weight), far)
    probabilities = theirs.softmax(-1)
    expected = (probabilities * (probabilities.log() - ours.softmax(-1).log())).sum()
    torch.testing.assert_close(value, expected)
    gradients = (torch.autograd.grad(one, (states, weight)) for one in (value, expected))
    torch.testing.assert_close(*gradients)
    torch.testing.assert_close(divergence(ours, theirs), expected)


def test_forward_kl_is_a_mean_over_predictions_of_the_divergence_from_the_start():
    model, objective = network(), Regression()
    start = copy.deepcopy(model)
    method = make_method("kl", **{"lambda": 0.7})
    method.begin(model, objective)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn_like(p))
    examples = np.array([3, 40, 7])
    batch = objective.batch(0, examples)
    outputs, before = model(batch[0]), start(batch[0])
    expected = 0.7 * F.kl_div(outputs.log_softmax(1), before.softmax(1), reduction="batchmean")
    torch.testing.assert_close(method.loss(lambda: outputs, batch, examples), expected)


@pytest.mark.parametrize("count", [64, 16])
def test_ewc_weighs_the_l2_penalty_by_the_squared_gradients_at_the_start(count, monkeypatch):
    monkeypatch.setattr("generality.methods.ewc.EXAMPLES", count)
    model, objective = network(), Regression()
    start, squares = copy.deepcopy(model), [torch.zeros_like(p) for p in model.parameters()]
    for place in places(64, count) or range(64):
        loss, _ = objective.loss(start, objective.batch(0, np.array([place])))
        for total, gradient in zip(squares, torch.autograd.grad(loss, list(start.parameters())), strict=True):
            total += gradient**2 / count
    fisher = [one / torch.cat([one.flatten() for one in squares]).mean() for one in squares]
    method = make_method("ewc", **{"lambda": 0.3})
    method.begin(model, objective)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p))
    loss, _ = objective.loss(model, objective.batch(0, np.arange(16)))
    pairs = zip(fisher, model.parameters(), start.parameters(), strict=True)
    distance = sum((f * (p - p0.detach()).square()).sum() for f, p, p0 in pairs)
    expected = torch.autograd.grad(loss + 0.3 * distance, list(model.parameters()), retain_graph=True)
    loss.backward()
    method.add_gradients()
    for p, gradient in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(p.grad, gradient)
    assert method.penalty(None) == pytest.approx(0.3 * distance.item(), rel=1e-5)


def fisher_of(method):
    """Return F of all parameters in one row."""
    return torch.cat([one.flatten() for one in method.others[0]])


def test_ewc_measures_what_matters_on_the_data_that_it_is_given():
    model, task = network(), Regression()
    task.beside = lambda data: Others() if data == "others" else None
    given, alone, own = (make_method("ewc", data=data, **{"lambda": 0.3}) for data in ("others", "", ""))
    given.begin(model, task)
    alone.begin(model, Others())
    own.begin(model, task)
    assert torch.equal(fisher_of(given), fisher_of(alone))
    assert not torch.allclose(fisher_of(given), fisher_of(own), rtol=0.1)


def test_where_pictures_lack_the_models_classes_ewc_draws_them_from_its_outputs(monkeypatch):
    """The mean over draws of squared gradients is that over classes, each by its chance."""

    class Unlabelled(Regression):
        labelled = False

        def loss(self, model, batch):
            raise AssertionError("these labels mean nothing")

    model, data = network(), Unlabelled(count=4000)
    data.x = data.x[:1].repeat(4000, 1)  # one example, drawn anew at each place
    method = make_method("ewc", **{"lambda": 0.3})
    monkeypatch.setattr("generality.methods.ewc.EXAMPLES", 4000)
    method.begin(model, data)
    logits = model(data.x[:1])
    expected = torch.zeros_like(fisher_of(method))
    for label, chance in enumerate(logits.softmax(1)[0].tolist()):
        loss = F.cross_entropy(logits, torch.tensor([label]))
        gradients = torch.autograd.grad(loss, list(model.parameters()), retain_graph=True)
        expected += chance * torch.cat([one.flatten() for one in gradients]).square()
    torch.testing.assert_close(fisher_of(method), expected / expected.mean(), rtol=0.15, atol=0.05)


def changes(method, log, **train):
    """Train a small Llama and return the largest change of each entry, and the model."""
    model, start = tiny_lm("Llama"), tiny_lm("Llama").state_dict()
    fit(model, NextOf(), method, train=FULL_RATE | train, seed=1, log=log, what="test")
    return {name: (entry - start[name]).abs().max().item() for name, entry in model.state_dict().items()}, model


def test_freezing_leaves_the_first_blocks_and_what_comes_before_them(tmp_path):
    moved, model = changes(make_method("freeze", share=0.5), tmp_path / "log.csv")
    first = ("model.embed_tokens.", "model.layers.0.")
    assert {name for name, size in moved.items() if not size} == {name for name in moved if name.startswith(first)}
    assert all(p.requires_grad for p in model.parameters())


def test_rates_fall_from_block_to_block(tmp_path):
    """Adam's first step is of one learning rate wherever there is a gradient."""
    moved, _ = changes(make_method("layer_rates", decay=0.25), tmp_path / "log.csv", epochs=1)
    for name, size in moved.items():
        first = name.startswith(("model.embed_tokens.", "model.layers.0."))
        assert size == pytest.approx(1e-3 * (0.25 if first else 1), rel=0.02), name
    assert float((tmp_path / "log.csv").read_text().splitlines()[1].split(",")[4]) == pytest.approx(1e-3)


def test_rates_are_those_of_each_architectures_blocks():
    model = tiny_lm("Jamba")  # of four blocks
    rates = make_method("layer_rates", decay=0.5).rates(model, NextOf())
    by_block = {rates[p] for name, p in model.named_parameters() if name.startswith("model.layers.1.")}
    assert by_block == {0.25}


@pytest.mark.parametrize("name", ["dora", "rslora", "pissa", "osf"])
@pytest.mark.parametrize("targets", ["queries-values", "all-linear"])
def test_what_peft_trains_is_merged_into_a_plain_model(name, targets):
    model, objective = tiny_lm("Llama"), NextOf()
    start = copy.deepcopy(model.state_dict())
    batch = objective.batch(0, range(8))
    before = objective.loss(model, batch)[1]().detach()
    method = make_method(name, targets=targets, **({"kept": 0.5} if name == "osf" else {"rank": 2}))
    method.begin(model, objective)
    torch.testing.assert_close(objective.loss(model, batch)[1](), before, rtol=1e-4, atol=1e-5)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(5):
        optimizer.zero_grad()
        objective.loss(model, batch)[0].backward()
        optimizer.step()
    trained = objective.loss(model, batch)[1]().detach()
    method.end(model)
    assert model.state_dict().keys() == start.keys()
    torch.testing.assert_close(objective.loss(model, batch)[1](), trained, rtol=1e-4, atol=1e-5)
    moved = {entry for entry, value in model.state_dict().items() if not torch.allclose(value, start[entry], atol=1e-4)}
    ends = ("q_proj.weight", "v_proj.weight") if targets == "queries-values" else ("_proj.weight",)
    assert moved == {entry for entry in start if entry.endswith(ends)}


def test_rslora_scales_its_change_by_the_root_of_the_rank():
    changes = {}
    for name in ("lora", "rslora"):
        model = tiny_lm("Llama")
        start = model.model.layers[0].self_attn.q_proj.weight.detach().clone()
        torch.manual_seed(0)
        method = make_method(name, rank=4)
        method.begin(model, NextOf())
        with torch.no_grad():
            for entry, p in model.named_parameters():
                if "lora_B" in entry:
                    p.fill_(0.01)
        method.end(model)
        changes[name] = model.model.layers[0].self_attn.q_proj.weight.detach() - start
    torch.testing.assert_close(changes["rslora"], 2 * changes["lora"], rtol=1e-3, atol=1e-6)


def test_a_variant_of_lora_is_refused_where_peft_has_none():
    with pytest.raises(StudyError, match=r"^methods\.dora: '.*' is not adapted as a whole linear layer"):
        make_method("dora", rank=2).begin(tiny_lm("GPT-2"), NextOf())
    with pytest.raises(StudyError, match=r"^methods\.pissa\.targets: no linear layer's name ends in 'nothing'"):
        make_method("pissa", rank=2, targets=["nothing"]).begin(tiny_lm("Llama"), NextOf())


def weighed(name, language_folder, packing):
    """Return a method after its beginning, its model, objective and a batch with the losses of its predictions."""
    model, tokenizer, _ = load_causal_lm(language_folder / "model")
    train = LANGUAGE_TRAIN | {"packing": packing, "loss_on": "all"}
    objective = text_objective(open_text_set(language_folder / "train"), tokenizer, train, 1)
    method = make_method(name)
    method.begin(model, objective)
    examples = np.arange(5, 14)
    batch = objective.batch(0, examples)
    with torch.no_grad():
        logits = model(input_ids=batch.ids, attention_mask=batch.mask).logits[:, :-1]
    losses = F.cross_entropy(logits.transpose(1, 2), batch.ids[:, 1:], reduction="none")
    return method, model, objective, examples, batch, logits, losses.where(batch.learnt[:, 1:], torch.nan)


@pytest.mark.parametrize("packing", ["blocks", "padded"])
def test_flow_weighs_examples_by_their_loss_before(packing, language_folder):
    method, model, objective, examples, batch, _, losses = weighed("flow", language_folder, packing)
    every = [objective.loss(model, objective.batch(0, np.array([place])))[0] for place in range(len(objective))]
    before = torch.stack(every).detach()
    weights = torch.exp(-before / before.median())
    weights = (weights / weights.mean())[torch.from_numpy(examples)]
    expected = (weights[:, None] * losses).nansum() / losses.isfinite().sum()
    actual, _ = objective.loss(model, batch, weigh=partial(method.weigh, examples))
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)


def test_eaft_weighs_predictions_by_the_entropy_of_the_likeliest(language_folder):
    method, model, objective, examples, batch, logits, losses = weighed("eaft", language_folder, "padded")
    entropy = torch.special.entr(logits.topk(20).values.softmax(-1)).sum(-1) / np.log(20)
    expected = (entropy * losses).nansum() / losses.isfinite().sum()
    actual, _ = objective.loss(model, batch, weigh=partial(method.weigh, examples))
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)
    assert (entropy <= 1).all()


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.7])
def test_replay_brings_its_share_of_all_examples(share):
    torch.manual_seed(0)
    method = make_method("replay_control", share=share)
    method.begin(network(), Regression())
    counts = []
    for epoch in range(40):
        method.begin_step(epoch)
        counts += [len(method.drawn(example)) for example in range(64)]
    assert set(counts) <= {int(method.rate), int(method.rate) + 1}
    rows = np.mean(counts)
    assert rows / (1 + rows) == pytest.approx(share, rel=0.35 if share < 0.1 else 0.05)


def test_an_example_of_replay_counts_as_much_as_one_of_the_task():
    torch.manual_seed(0)
    model, task = network(), Regression()
    task.beside = lambda data: Others() if data == "others" else None
    method = make_method("replay", share=0.4, data="others")
    method.begin(model, task)
    seen = set()
    for epoch in range(9):
        method.begin_step(epoch)
        examples = np.arange(16) + epoch
        rows = [row for example in examples for row in method.drawn(example)]
        seen |= set(rows)
        others = Others()
        expected = sum(others.loss(model, others.batch(0, [row]))[0] for row in rows) / 16
        torch.testing.assert_close(method.loss(None, None, examples), expected)
    assert seen == set(range(7))


@pytest.mark.parametrize("name", ["der", "der_labels"])
def test_dark_replay_distils_the_other_data(name):
    torch.manual_seed(0)
    model, task = network(), Regression()
    task.beside = lambda data: Others()
    method = make_method(name, share=0.5, data="others", **{"lambda": 0.3})
    start = copy.deepcopy(model)
    method.begin(model, task)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.1 * torch.randn_like(p))
    method.begin_step(2)
    examples = np.arange(16)
    rows = [row for example in examples for row in method.drawn(example)]
    x, y = Others().batch(2, rows)
    distance = (model(x) - start(x)).square().sum(1)
    losses = (model(x) - y).square().mean(1) if name == "der_labels" else 0
    term = method.loss(None, None, examples)
    torch.testing.assert_close(term, (0.3 * distance + losses).sum() / 16)
    term.backward()
    assert all(p.grad is None for p in method.teacher.parameters())


@pytest.mark.parametrize("name", ["replay_control", "der", "der_labels"])
def test_rehearsed_texts_of_unequal_lengths_count_as_much_as_alone(name, language_folder):
    """The sum over texts that share passes is that of passes of one text, each by the share of what brought it."""
    model, tokenizer, _ = load_causal_lm(language_folder / "model")
    objective = text_objective(
        open_text_set(language_folder / "train"), tokenizer, LANGUAGE_TRAIN | {"packing": "padded"}, seed=1
    )
    objective.beside = lambda data: objective
    torch.manual_seed(0)
    settings = {"share": 0.6} if name == "replay_control" else {"share": 0.6, "data": "others", "lambda": 0.01}
    method = make_method(name, **settings)
    method.begin(model, objective)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.01 * torch.randn_like(p))
    method.begin_step(0)
    examples = np.arange(12)
    sizes = np.array([objective.predictions(np.array([one]))[1] for one in examples])
    assert len(set(sizes)) > 2
    expected = 0.0
    for one, size in zip(examples, sizes, strict=True):
        for row in method.drawn(one):
            batch = objective.batch(0, np.array([row]))
            loss, outputs = objective.loss(model, batch)
            term = loss if name != "der" else 0.0
            if name != "replay_control":
                ours, theirs = computed(outputs()), computed(objective.outputs(method.teacher, batch))
                term = term + 0.01 * (ours - theirs).square().sum() / len(ours)
            expected = expected + size / sizes.sum() * term
    torch.testing.assert_close(method.loss(None, None, examples), expected, rtol=1e-3, atol=1e-5)


def test_osf_leaves_the_largest_singular_directions():
    """The change has no part in the span of the kept directions, as far as one plain gradient step goes."""
    model, objective = tiny_lm("Llama"), NextOf()
    start = copy.deepcopy(model.state_dict())
    method = make_method("osf", kept=0.5)
    method.begin(model, objective)
    low = [module.osf_svd_params["default"] for module in model.modules() if hasattr(module, "osf_svd_params")]
    objective.loss(model, objective.batch(0, range(8)))[0].backward()
    tested = 0
    names = [name for name in start if name.endswith("_proj.weight")]
    for name, parts in zip(names, low, strict=True):
        u, _, v = torch.linalg.svd(start[name], full_matrices=False)
        kept = min(start[name].shape) // 2
        for gradient, high in ((parts["U_low"].grad, u[:, :kept].T), (parts["V_low"].grad.T, v[:kept])):
            assert (high @ gradient).abs().max() < 1e-5 * max(1, gradient.abs().max())
            tested += bool(gradient.abs().max() > 1e-6)
    assert tested == 2 * len(names)


def test_osf_says_where_it_keeps_nothing():
    with pytest.raises(StudyError, match=r"methods.osf.kept: 0.001 keeps no direction of '.*'; raise it"):
        make_method("osf", kept=0.001).begin(tiny_lm("Llama"), NextOf())


def test_replay_repeats_with_its_seed_and_differs_between_epochs():
    drawn = {}
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        model, method = network(), make_method("replay_control", share=0.5)
        torch.manual_seed(seed)
        method.begin(model, Regression())
        for epoch in (0, 1):
            method.begin_step(epoch)
            drawn[name, epoch] = [method.drawn(example) for example in range(64)]
    assert drawn["one", 0] == drawn["same", 0]
    assert len({str(drawn[key]) for key in (("one", 0), ("one", 1), ("other", 0), ("other", 1))}) == 4


def test_a_method_changes_nothing_of_the_others(tmp_path):
    """Full fine-tuning is the same to the bit with one group of parameters for each rate and with one for all."""
    model, objective = network(), Regression()
    fit(model, objective, make_method("full"), train=TRAIN, seed=1, log=tmp_path / "log.csv", what="test")
    other = network()
    method = make_method("full")
    method.rates = lambda model, objective: dict.fromkeys(list(model.parameters())[:2], 1.0)
    fit(other, objective, method, train=TRAIN, seed=1, log=tmp_path / "log.csv", what="test")
    assert all(torch.equal(*pair) for pair in zip(model.parameters(), other.parameters(), strict=True))
