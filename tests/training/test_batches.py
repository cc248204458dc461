"""One batch in parts, in bfloat16, and compiled: the same learning in less memory or time."""

import copy
import functools
import resource
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from generality.data.image_set import open_image_set
from generality.data.text_set import open_text_set
from generality.errors import StudyError
from generality.language.blocks import Tokens, tokenize
from generality.language.causal_lm import load_causal_lm
from generality.language.finetune import finetune_causal_lm
from generality.language.objective import NextToken
from generality.language.score import Scorer
from generality.runtime.device import device
from generality.training import loop
from generality.training.logits import computed
from generality.training.method import make_method
from generality.vision.classifier import load_classifier
from generality.vision.finetune import finetune_classifier
from generality.vision.objective import ImageClassification
from interrupted import ends
from small_trainings import LANGUAGE_TRAIN, METHODS, TRAIN

CPU = torch.device("cpu")
every_method = pytest.mark.parametrize("method", METHODS)


@pytest.fixture
def vision(classifier_folder):
    """A classifier and pictures to learn."""
    classifier, config = load_classifier(classifier_folder)
    images = open_image_set(classifier_folder.parent / "train")
    return classifier, ImageClassification(
        images, preprocess_cfg=config["preprocess_cfg"], augmentation="shift_flip", seed=1, device=CPU
    )


@pytest.fixture
def language(language_folder):
    """An OPT without dropout, which draws anew for each part, and texts of many lengths, one with nothing to learn."""
    model, tokenizer, _ = load_causal_lm(language_folder / "model")
    for module in model.modules():
        module.dropout = 0.0
    texts = tokenize(open_text_set(language_folder / "instruction"), tokenizer, "answer")
    texts[3] = Tokens(texts[3].ids, np.zeros_like(texts[3].learnt))
    return model, NextToken(texts, unit="examples", pad=tokenizer.pad_token_id, device=CPU)


def changes(model, objective, method, log, **options):
    """How three steps of plain gradient descent, whose size is the gradient's, change each trained weight."""
    torch.manual_seed(0)
    method.begin(model.train(), objective)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    for p in trained.values():  # away from where a penalty has a kink
        p.data += 0.01 * torch.randn_like(p).sign()
    before = {name: p.detach().clone() for name, p in trained.items()}
    loop.optimise(
        model, objective, method, [torch.optim.SGD(trained.values(), lr=0.1)], steps=3,
        train={"batch_size": 8, "clip_norm": 1.0} | options, factor=lambda step: 1.0, seed=1, log=log, what="test",
    )  # fmt: skip
    return {name: p.detach() - before[name] for name, p in trained.items()}


@every_method
@pytest.mark.parametrize("track", ["vision", "language"])
def test_parts_of_a_batch_add_up_to_its_step(track, method, request, tmp_path):
    runs, logs = [], []
    for micro_batch in (None, 3, 1):
        model, objective = request.getfixturevalue(track)
        model.load_state_dict(start := runs[0][1] if runs else {k: v.clone() for k, v in model.state_dict().items()})
        log = tmp_path / f"{micro_batch}.csv"
        hooks = make_method(method, **METHODS[method])
        runs.append((changes(model, objective, hooks, log, micro_batch=micro_batch), start))
        hooks.end(model)
        logs.append(pd.read_csv(log))
    (full, _), *parts = runs
    assert max(change.abs().max() for change in full.values()) > 1e-2
    for part, _ in parts:
        for name, change in full.items():  # to the last digits of weights, some of which are above 1
            torch.testing.assert_close(part[name], change, rtol=0, atol=5e-7, msg=name)
    for log in logs[1:]:
        pd.testing.assert_frame_equal(log, logs[0], rtol=1e-4)


def test_parts_are_weighed_by_what_they_have_to_learn(language):
    """Else the test above would say little: parts of as many texts differ, and one has nothing."""
    _, objective = language
    counts = [objective.predictions(np.array([index]))[0] for index in range(8)]
    assert min(counts) == 0 < len(set(counts)) - 2
    assert objective.predictions(np.arange(8))[0] == sum(counts)


@pytest.fixture
def optimizers(monkeypatch):
    """The optimisers that fine-tunings of the test make."""
    instances = []

    def make(cls, *arguments, **options):
        instances.append(cls(*arguments, **options))
        return instances[-1]

    for name, cls in loop.OPTIMIZERS.items():
        monkeypatch.setitem(loop.OPTIMIZERS, name, functools.partial(make, cls))
    return instances


def finetuned(track, folder, method, request, **train):
    """The weights of a model that is fine-tuned by the stage's own function, and the losses of its log."""
    if track == "vision":
        start = request.getfixturevalue("classifier_folder")
        run, data, settings = finetune_classifier, start.parent / "train", TRAIN
    else:
        start = request.getfixturevalue("language_folder") / "model"
        run, data, settings = finetune_causal_lm, start.parent / "train", LANGUAGE_TRAIN
    run(
        folder, model=start, data=data, method=method, hyperparameters=METHODS[method], train=settings | train, seed=1,
        log=folder.with_suffix(".csv"),
    )  # fmt: skip
    return load_file(folder / "model.safetensors"), pd.read_csv(folder.with_suffix(".csv"))["loss"]


@every_method
@pytest.mark.parametrize("track", ["vision", "language"])
def test_bfloat16_learns_with_weights_and_optimiser_in_float32(track, method, request, optimizers, tmp_path):
    train = {"epochs": 4} | ({"lr": 1e-2} if method == "lora" else {})
    weights, losses = finetuned(track, tmp_path / "rounded", method, request, precision="bfloat16", **train)
    assert losses.iloc[-1] < losses.iloc[0] - 0.01
    exact, exact_losses = finetuned(track, tmp_path / "exact", method, request, **train)
    assert {value.dtype for value in weights.values()} == {torch.float32}
    states = [value for state in optimizers[0].state.values() for value in state.values()]
    assert states
    assert {value.dtype for value in states} == {torch.float32}
    assert any(not torch.equal(weights[name], exact[name]) for name in exact), "products were rounded"
    np.testing.assert_allclose(losses, exact_losses, rtol=0.1)


def test_what_is_distilled_is_not_rounded(language, vision):
    for model, objective in (language, vision):
        objective.precision = "bfloat16"
        batch = objective.batch(0, np.arange(4))
        outputs = computed(objective.loss(model, batch)[1]())
        assert outputs.dtype == torch.float32
        assert (outputs != outputs.bfloat16()).float().mean() > 0.9
        start = objective.remember(model)
        if start:  # a teacher's answers are made as the student's are
            torch.testing.assert_close(computed(start(np.arange(4))), outputs, rtol=0, atol=0.05)


@pytest.mark.parametrize(
    ("track", "method"), [("vision", "full"), ("vision", "lora"), ("language", "kd"), ("language", "lora")]
)
def test_a_compiled_model_learns_the_same_and_keeps_its_names(track, method, request, monkeypatch, tmp_path):
    # Traced as ever; the last stage, which writes and compiles C++, would take a minute.
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=(counted := Counted())))
    plain, losses = finetuned(track, tmp_path / "plain", method, request, epochs=1)
    assert not counted.graphs
    weights, compiled_losses = finetuned(track, tmp_path / "compiled", method, request, epochs=1, compile=True)
    assert counted.graphs
    assert weights.keys() == plain.keys()
    np.testing.assert_allclose(compiled_losses, losses, rtol=1e-4)


class Counted:
    """torch.compile's own backend for debugging, which runs what was traced; counts the graphs."""

    graphs = 0

    def __call__(self, graph, inputs):
        from torch._dynamo.backends.debugging import aot_eager

        self.graphs += 1
        return aot_eager(graph, inputs)


def test_what_is_called_float32_is_float32_on_a_gpu_too(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    matrices, convolutions = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    try:
        for precision, rounded in (("bfloat16", True), ("float32", False)):
            assert device(precision) == torch.device("cuda", 1)
            assert (torch.get_float32_matmul_precision() == "high") == rounded
            assert torch.backends.cudnn.allow_tf32 == rounded
        monkeypatch.setenv("LOCAL_RANK", "2")
        with pytest.raises(StudyError, match="process 3 has no GPU: the job sees 2; start as many"):
            device()
    finally:
        torch.set_float32_matmul_precision(matrices)
        torch.backends.cudnn.allow_tf32 = convolutions


# Memory that is too small


class Small:
    """An objective on a GPU that holds so many examples: a pass with more fails as torch fails there."""

    def __init__(self, objective, room):
        self.objective, self.room, self.tried = objective, room, []
        self.unit, self.divisible, self.labelled = objective.unit, objective.divisible, True
        self.predictions = objective.predictions

    def __len__(self):
        return len(self.objective)

    def batch(self, epoch, examples):
        self.tried.append(len(examples))
        return self.objective.batch(epoch, examples)

    def loss(self, model, batch, **weighing):
        loss, outputs = self.objective.loss(model, batch, **weighing)
        if self.tried[-1] > self.room and loss.requires_grad:
            loss.backward()  # half of what a pass leaves behind
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 79 GiB")
        return loss, outputs

    def outputs(self, model, batch):
        return self.objective.outputs(model, batch)

    def remember(self, model):
        return None


@every_method
@pytest.mark.parametrize("track", ["vision", "language"])
def test_where_memory_is_too_small_a_step_is_accumulated(track, method, request, tmp_path, capsys):
    weights = []
    for room in (8, 3):
        model, objective = request.getfixturevalue(track)
        model.load_state_dict(start := weights[0][1] if weights else copy.deepcopy(model.state_dict()))
        small, hooks = Small(objective, room), make_method(method, **METHODS[method])
        weights.append((changes(model, small, hooks, tmp_path / "log.csv"), start))
        hooks.end(model)
    # Halves, until one fits; and it stays so for the other two steps. Some methods look at one example before, some at
    # many; replay's come between, so many as there is room for.
    looks = [1] * (method in ("lora", "freeze"))
    if method in ("ewc", "flow"):
        small.tried = [size for size in small.tried[small.tried.index(8) :] if size > 1]
    if method == "replay_control":
        assert all(size <= 3 for size in small.tried[small.tried.index(4) + 1 :])
    else:
        assert small.tried == looks + [8, 4] + [2, 2, 2, 2] * 3
    for name, change in weights[0][0].items():
        torch.testing.assert_close(weights[1][0][name], change, rtol=0, atol=5e-7, msg=name)
    message = capsys.readouterr().err
    assert f"test: out of memory (CUDA out of memory); goes on with 2 {objective.unit} at a time" in message


def test_where_not_even_one_fits_or_a_batch_cannot_be_parted_it_is_said(vision, tmp_path):
    model, objective = vision
    with pytest.raises(StudyError, match="test: memory is too small even for one of the images at a time"):
        changes(model, Small(objective, 0), make_method("full"), tmp_path / "log.csv")
    objective.divisible = False  # as contrastive pre-training's, whose loss is that of a whole batch
    with pytest.raises(torch.OutOfMemoryError):
        changes(model, Small(objective, 3), make_method("full"), tmp_path / "log.csv")


def test_another_error_is_not_taken_for_memory(vision, tmp_path):
    model, objective = vision
    small = Small(objective, 8)
    small.loss = lambda model, batch: model.no_such_thing
    with pytest.raises(AttributeError):
        changes(model, small, make_method("full"), tmp_path / "log.csv")
    small.loss = lambda model, batch: torch.zeros(2) @ torch.zeros(3)
    with pytest.raises(RuntimeError, match="size"):
        changes(model, small, make_method("full"), tmp_path / "log.csv")


def test_a_true_lack_of_memory_is_survived(tmp_path):
    """On the CPU, a process may take 350 MB more, where a pass with the whole batch takes half a gigabyte."""
    model = torch.nn.Linear(1_000, 1)
    objective = Wide(1_000)

    def starved():
        have = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (have + 350 * 2**20,) * 2)
        changes(model, objective, make_method("full"), tmp_path / "log.csv")

    assert ends(starved, tmp_path / "said") == 0, (tmp_path / "said").read_text()
    assert "at a time" in (tmp_path / "said").read_text()


class Wide:
    """Regression whose predictions are repeated many times on the way."""

    unit, divisible = "rows", True

    def __init__(self, width):
        self.width = width

    def __len__(self):
        return 8

    def batch(self, epoch, examples):
        return torch.ones(len(examples), self.width)

    def predictions(self, examples):
        return len(examples), len(examples)

    def loss(self, model, batch):
        big = model(batch).expand(-1, 4_000_000).square()  # 16 MB an example, and as much for each gradient
        return big.mean(), lambda: big


def test_scoring_takes_fewer_texts_at_a_time_where_memory_is_too_small(language_folder, monkeypatch, capsys):
    model, tokenizer, _ = load_causal_lm(language_folder / "model")
    key = ("set", "test")
    sets = {key: open_text_set(language_folder / "choice")}
    expected = Scorer(model, tokenizer, sets, generate={}).rows(key)
    base, sizes = type(model.base_model), []
    forward = base.forward

    def small(self, input_ids, *arguments, **options):
        sizes.append(len(input_ids))
        if len(input_ids) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
        return forward(self, input_ids, *arguments, **options)

    monkeypatch.setattr(base, "forward", small)
    scorer = Scorer(model, tokenizer, sets, generate={})
    pd.testing.assert_frame_equal(scorer.rows(key), expected)
    assert 2 <= scorer.tokens // scorer.longest[key] <= 3
    assert "set test: out of memory" in capsys.readouterr().err
    sizes.clear()
    scorer.rows(key)
    assert max(sizes) <= 3, "it is known by now"
