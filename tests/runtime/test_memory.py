"""The formulas of docs/memory.md against the bytes that small models really allocate."""

import weakref

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import OPTConfig, OPTForCausalLM

from generality.data.image_set import open_image_set
from generality.language.blocks import Tokens
from generality.language.objective import NextToken
from generality.training import loop
from generality.training.method import make_method
from generality.vision.classifier import load_classifier
from generality.vision.objective import ImageClassification
from small_trainings import LANGUAGE_TRAIN, METHODS, TRAIN

CPU = torch.device("cpu")
WIDTH, LAYERS, VOCABULARY = 64, 4, 300


class Live(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive: `now`, and at most so far, `peak`."""

    def __init__(self, model):
        super().__init__()
        self.now = self.peak = 0
        self.known = set()
        for parameter in model.parameters():
            self.add(parameter)

    def add(self, tensor):
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key not in self.known:
            self.known.add(key)
            self.now += size
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self.remove, key, size)

    def remove(self, key, size):
        self.known.discard(key)
        self.now -= size

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        result = function(*arguments, **(options or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self.add(tensor)
        return result


def measured(model, objective, method, train, log):
    """Bytes between the last steps, where no gradient is alive, and at most in a step."""
    live, between = Live(model), []

    def after(step):
        between.append(live.now)
        if step == 1:  # what a method and the optimiser need once, when they begin, is over
            live.peak = live.now

    with live:
        loop.fit(model, objective, method, train=train, seed=1, log=log, what="test", after=after)
    return between[-1], live.peak


def galactica(texts, tokens, precision="float32", vocabulary=VOCABULARY, layers=LAYERS):
    """A model of Galactica's form, and so many texts of so many tokens to learn."""
    config = OPTConfig(
        hidden_size=WIDTH, ffn_dim=4 * WIDTH, word_embed_proj_dim=WIDTH, num_hidden_layers=layers,
        vocab_size=vocabulary, num_attention_heads=2, max_position_embeddings=128, activation_function="gelu",
        enable_bias=False,
        layer_norm_elementwise_affine=False, dropout=0.0, pad_token_id=1,
    )  # fmt: skip
    torch.manual_seed(0)
    results = [
        Tokens(np.random.default_rng(i).integers(4, 300, tokens), np.full(tokens, True)) for i in range(2 * texts)
    ]
    objective = NextToken(results, unit="blocks", pad=1, device=CPU, precision=precision)
    return OPTForCausalLM(config), objective, LANGUAGE_TRAIN | {"batch_size": texts, "epochs": 1}


def classifier(folder):
    """A small classifier, and pictures that are moved, so that a teacher is asked each time."""
    model, config = load_classifier(folder)
    images = open_image_set(folder.parent / "train")
    options = {"preprocess_cfg": config["preprocess_cfg"], "augmentation": "shift_flip", "seed": 1, "device": CPU}
    return model, ImageClassification(images, **options), TRAIN | {"batch_size": 4, "epochs": 1}


def weights(method, model, trained):
    """Bytes of a fine-tuning between two steps, and the most that a step adds for gradients (docs/memory.md)."""
    beside = {"l1": trained, "l2": trained, "ewc": 2 * trained, "kd": model, "kl": model}.get(method, 0)
    return 4 * model + 8 * trained + 4 * beside, 4 * trained


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("track", ["vision", "language"])
def test_weights_gradients_and_optimiser(track, method, classifier_folder, tmp_path):
    """Exact between two steps; in a step of a few tokens, at most a tenth and twice the largest matrix more."""
    model, objective, train = galactica(1, 8) if track == "language" else classifier(classifier_folder)
    objective.remember = lambda model: None
    sizes = [p.numel() for p in model.parameters()]
    results, count = make_method(method, **METHODS[method]), {}
    begin = results.begin

    def counting(model, objective):
        begin(model, objective)
        count["all"] = sum(p.numel() for p in model.parameters())
        count["trained"] = sum(p.numel() for p in model.parameters() if p.requires_grad)

    results.begin = counting
    between, most = measured(model, objective, results, train, tmp_path / "log.csv")
    state, gradients = weights(method, count["all"], count["trained"])
    assert between == pytest.approx(state, rel=0.02)
    if track == "language":
        assert state + gradients <= most <= 1.1 * (state + gradients) + 8 * max(sizes)


def test_a_teacher_that_was_asked_once_is_gone(tmp_path):
    model, objective, train = galactica(4, 32)
    size = sum(p.numel() for p in model.parameters())
    between, _ = measured(model, objective, make_method("kd", **METHODS["kd"]), train, tmp_path / "log.csv")
    remaining = 4 * WIDTH * sum(len(text) - 1 for text in objective.texts) + 4 * WIDTH * VOCABULARY  # states and head
    assert between == pytest.approx(12 * size + remaining, rel=0.02)


# Bytes a token: of a layer, in its width where the inner one is four times that; of a logit.
A_LAYER = {"float32": 64, "bfloat16": 40}
A_LOGIT = 12


@pytest.mark.parametrize(("method", "precision"), [("full", "float32"), ("full", "bfloat16"), ("kd", "float32")])
def test_bytes_a_token(method, precision, tmp_path):
    """The formula tells, to a tenth, what more tokens, layers and logits add to a step's peak."""

    def most(texts, **sizes):
        model, objective, train = galactica(texts, 64, precision, **sizes)
        objective.remember = lambda model: None
        return measured(model, objective, make_method(method, **METHODS[method]), train, tmp_path / "log.csv")[1]

    def a_token(**sizes):
        return (most(8, **sizes) - most(4, **sizes)) / (4 * 64)

    plain = a_token()
    assert (a_token(layers=LAYERS + 4) - plain) / 4 / WIDTH == pytest.approx(A_LAYER[precision], rel=0.1)
    assert (a_token(vocabulary=1300) - plain) / 1000 == pytest.approx(A_LOGIT, rel=0.1)


def test_a_remembered_teacher_has_a_limit(monkeypatch):
    model, objective, _ = galactica(2, 8)
    assert objective.remember(model.eval())
    for module in ("language", "vision"):
        monkeypatch.setattr(f"generality.{module}.objective.REMEMBERED", 4 * 4 * 8 * WIDTH - 1)
    assert objective.remember(model) is None
