"""FLYP: its loss is open_clip's, and its head is that of the tuned text tower."""

import copy

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import load_file

from damaged import refusal
from generality.data.pictures.class_names import in_prompt
from generality.methods import load
from generality.training.loop import fit
from generality.training.method import make_method
from generality.vision.classifier import load_classifier
from generality.vision.clip import load_clip
from generality.vision.finetune import finetune_classifier, prepare
from generality.vision.zero_shot import prompts, zero_shot_head
from small_trainings import TRAIN

TEMPLATES = ["a photo of a {}", "a {}"]
SETTINGS = TRAIN | {"augment": "shift_flip", "epochs": 1}


@pytest.fixture
def begun(classifier_folder, clip_folder):
    """Return a classifier, its task, the hooks after `begin`, and the objective that they learn."""
    classifier, _, task = prepare(classifier_folder, classifier_folder.parent / "train", train=SETTINGS, seed=1)
    hooks = make_method("flyp", clip=clip_folder, templates=TEMPLATES)
    hooks.begin(classifier, task)
    return classifier, task, hooks, hooks.objective(task)


def test_the_loss_is_open_clips_contrastive_loss(begun, clip_folder):
    classifier, task, _, objective = begun
    examples = np.arange(3, 19)
    pictures, tokens = objective.batch(2, examples)
    torch.testing.assert_close(pictures, task.batch(2, examples)[0], rtol=0, atol=0)
    clip, tokenizer, _ = load_clip(clip_folder)
    names = [in_prompt(task.data.classes[label]) for label in task.data.labels[examples]]
    choices = [tokenizer([template.format(name) for name in names]) for template in TEMPLATES]
    drawn = [next(n for n, choice in enumerate(choices) if torch.equal(choice[i], row)) for i, row in enumerate(tokens)]
    assert set(drawn) == {0, 1}, "both templates are drawn"
    expected = open_clip.ClipLoss()(
        clip.encode_image(pictures, normalize=True), clip.encode_text(tokens, normalize=True), clip.logit_scale.exp()
    )
    torch.testing.assert_close(objective.loss(classifier, (pictures, tokens))[0], expected, rtol=1e-4, atol=1e-5)


def test_other_prompts_are_drawn_in_the_next_epoch_and_the_same_again(begun):
    *_, objective = begun
    examples = np.arange(32)
    first, second, again = (objective.batch(epoch, examples)[1] for epoch in (0, 1, 0))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)


def test_the_head_is_made_by_the_tuned_text_tower(begun, clip_folder, tmp_path):
    classifier, task, *_ = begun
    classifier, _, task = copy.deepcopy((classifier, None, task))
    del classifier.text
    before = copy.deepcopy(classifier.state_dict())
    kept = {}

    class Watched(type(load("flyp").make(clip="", templates=[]))):
        def end(self, model):
            kept["text"] = copy.deepcopy(model.text)
            super().end(model)

    hooks = Watched(clip_folder, TEMPLATES)
    fit(classifier, task, hooks, train=SETTINGS, seed=1, log=tmp_path / "log.csv", what="test")
    assert classifier.state_dict().keys() == before.keys()
    start, tokenizer, _ = load_clip(clip_folder)
    text = kept["text"].eval()
    assert not torch.equal(text.token_embedding.weight, start.token_embedding.weight)
    names = [in_prompt(name) for name in task.data.classes]
    expected = zero_shot_head(text, tokenizer, names, prompts(TEMPLATES))
    torch.testing.assert_close(classifier.head.weight, expected.weight)
    assert not torch.allclose(classifier.head.weight, before["head.weight"], atol=1e-3)
    assert all(p.requires_grad for p in classifier.parameters())


def test_it_is_saved_as_any_classifier(classifier_folder, clip_folder, tmp_path):
    finetune_classifier(
        tmp_path / "model", model=classifier_folder, data=classifier_folder.parent / "train", method="flyp",
        hyperparameters={"templates": TEMPLATES}, beside=[clip_folder], train=SETTINGS, seed=1, log=tmp_path / "l.csv",
    )  # fmt: skip
    load_classifier(tmp_path / "model")
    before, after = (load_file(folder / "model.safetensors") for folder in (classifier_folder, tmp_path / "model"))
    assert before.keys() == after.keys()
    assert not torch.equal(before["head.weight"], after["head.weight"])


def test_siglip_is_refused(begun, clip_folder, monkeypatch):
    classifier, task, *_ = begun
    clip, tokenizer, config = load_clip(clip_folder)
    clip.logit_bias = torch.nn.Parameter(torch.zeros(()))
    monkeypatch.setattr("generality.vision.clip.load_clip", lambda folder: (clip, tokenizer, config))
    hooks = make_method("flyp", clip=clip_folder, templates=TEMPLATES)
    assert "SigLIP's loss" in refusal(hooks.begin, classifier, task)
