"""Released CLIPs of every family: tokenizers, heads, statistics, the trial, and the matrix of what works."""

import copy
import re
import shutil
import subprocess
import sys
from collections import Counter

import open_clip
import pandas as pd
import pytest
import timm.models.vision_transformer
import torch
from safetensors.torch import load_file, save_file
from timm.models import register_model
from torch import nn

from generality.config.study_file import check
from generality.data.image_set import open_image_set
from generality.errors import StudyError
from generality.plan.study import Study, as_json
from generality.plan.trials import trials, tried
from generality.training.method import make_method
from generality.vision.classifier import ImageClassifier, load_classifier
from generality.vision.clip import CLIP_WEIGHTS, fetch_clip, load_clip
from generality.vision.finetune import finetune_classifier
from generality.vision.pixels import Pixels
from generality.vision.score import score_classifiers
from generality.vision.tokenizer import write_vocabulary
from generality.vision.trial import try_clip
from generality.vision.zero_shot import build_classifier, prompts, zero_shot_head
from interpolated import interpolate
from small_sets import CLASSES, make_image_set
from small_trainings import METHODS, PICTURES, TRAIN
from study_files import EMBEDDED
from tiny_clips import CONFIGS, SIZE, fetched, registered
from workflows import ROOT, planned, snakemake, tiny

FULL = {"method": "full", "hyperparameters": {}, "train": TRAIN}
WORDS = ["a photo of a golden retriever", "Cat, dog & ship!", "tree " * 40]


@pytest.mark.parametrize("family", ["SigLIP", "RoBERTa"])
def test_a_tokenizer_of_transformers_is_read_from_the_models_folder(family, tmp_path):
    with registered(family, tmp_path) as names:
        expected = open_clip.get_tokenizer(names["name"])(WORDS)
        fetch_clip(tmp_path / "released", **names)
    shutil.rmtree(tmp_path / "hub")
    moved = shutil.move(tmp_path / "released", tmp_path / "elsewhere")
    model, tokenizer, _ = load_clip(moved)
    assert torch.equal(tokenizer(WORDS), expected)
    assert model.encode_text(expected).shape == (3, 16)


@pytest.mark.parametrize("family", ["CLIP ViT", "SigLIP", "RoBERTa"])
def test_a_folder_gives_the_architecture_and_the_file_the_weights(family, tmp_path):
    """open_clip would take the folder's weights, whatever file is named."""
    first = fetched(family, tmp_path, PICTURES | {"resize_mode": "squash"})
    state = load_file(first / CLIP_WEIGHTS)
    other = tmp_path / "other.safetensors"
    save_file({name: value + value.is_floating_point() for name, value in state.items()}, other)
    shutil.rmtree(tmp_path / "hub", ignore_errors=True)
    fetch_clip(tmp_path / "second", name=f"local-dir:{first}", weights=str(other))
    saved = load_file(tmp_path / "second" / CLIP_WEIGHTS)
    assert saved.keys() == state.keys()
    assert all(torch.equal(saved[name], value + value.is_floating_point()) for name, value in state.items())
    _, tokenizer, config = load_clip(tmp_path / "second")
    assert torch.equal(tokenizer(WORDS), load_clip(first)[1](WORDS))
    assert config["preprocess_cfg"]["resize_mode"] == "squash"


def test_a_folder_with_a_vocabulary_of_its_own_takes_it_along(clip_folder, tmp_path):
    first = shutil.copytree(clip_folder, tmp_path / "first")
    fetch_clip(tmp_path / "second", name=f"local-dir:{first}", weights=str(first / CLIP_WEIGHTS))
    model, tokenizer, _ = load_clip(tmp_path / "second")
    assert model.vocab_size == tokenizer.vocab_size < 49_000


def test_a_tokenizer_that_is_gone_is_one_line_with_the_folder(tmp_path):
    model = fetched("SigLIP", tmp_path)
    for file in model.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(StudyError, match=r"released: its tokenizer cannot be opened .*; run the stage") as error:
        load_clip(model)
    assert "bpe" not in str(error.value)


def test_a_tokenizer_that_cannot_be_had_is_refused_before_the_weights_are_read(tmp_path):
    with registered("SigLIP", tmp_path) as names:
        shutil.rmtree(tmp_path / "hub")
        with pytest.raises(StudyError, match=r"models: the tokenizer '.*hub' of tiny-SigLIP is missing .*network"):
            fetch_clip(tmp_path / "released", **names)
    assert not (tmp_path / "released").exists()


@pytest.mark.parametrize("family", CONFIGS)
def test_the_zero_shot_logits_are_the_models_own(family, tmp_path):
    clip = fetched(family, tmp_path)
    data = make_image_set(tmp_path / "data", 8, size=SIZE)
    build_classifier(tmp_path / "base", clip=clip, data=data, templates=["a photo of a {}"])
    model, tokenizer, config = load_clip(clip)
    pictures = Pixels(config["preprocess_cfg"], torch.device("cpu"))(open_image_set(data).images)
    with torch.no_grad():
        image = model.encode_image(pictures, normalize=True)
        text = model.encode_text(tokenizer([f"a photo of a {name}" for name in CLASSES]), normalize=True)
        bias = 0 if getattr(model, "logit_bias", None) is None else model.logit_bias
        torch.testing.assert_close(
            load_classifier(tmp_path / "base")[0](pictures), model.logit_scale.exp() * image @ text.T + bias
        )
    assert bias == (-10 if family == "SigLIP" else 0)


@pytest.mark.parametrize("family", ["RN50", "MobileCLIP"])
def test_statistics_stay_and_parts_of_a_batch_change_nothing(family, tmp_path):
    clip = fetched(family, tmp_path)
    data = make_image_set(tmp_path / "data", 16, size=SIZE)
    base = tmp_path / "base"
    build_classifier(base, clip=clip, data=data, templates=["a {}"])
    before, tuned, losses = load_file(base / "model.safetensors"), [], []
    train = TRAIN | {"batch_size": 8, "lr": 1e-4}
    for micro_batch in (1, 2, 8):
        finetune_classifier(
            tmp_path / "full", model=base, data=data, method="full", hyperparameters={}, seed=1,
            train=train | {"micro_batch": micro_batch}, log=tmp_path / "log.csv",
        )  # fmt: skip
        tuned.append(load_file(tmp_path / "full" / "model.safetensors"))
        losses.append(pd.read_csv(tmp_path / "log.csv").loss)
    for other in losses[:2]:
        pd.testing.assert_series_equal(other, losses[2], rtol=1e-4)
    statistics = [name for name in before if "running_" in name or "num_batches" in name]
    assert len(statistics) > 10
    assert all(torch.equal(before[name], tuned[2][name]) for name in statistics)
    change = torch.cat([(tuned[2][name] - value).flatten().float() for name, value in before.items()])
    assert change.norm() > 0
    for part in tuned[:2]:
        moved = torch.cat([(part[name] - tuned[2][name]).flatten().float() for name in before])
        assert moved.norm() < 0.05 * change.norm()  # Adam takes the sign of gradients that are rounding alone
    mixed = dict(interpolate(base, tmp_path / "full", 0.5))
    assert all(torch.equal(mixed[name], before[name]) for name in statistics)
    score_classifiers(
        tmp_path / "wise", sets={("x", "test"): data}, model=base, method="wise", setting="", seed="1",
        finetuned=[tmp_path / "full"], mix="wise", values=(0.5,),
    )  # fmt: skip


def test_frozen_statistics_learn_weight_and_bias():
    classifier = ImageClassifier(nn.Sequential(nn.BatchNorm2d(3), nn.Flatten()), nn.Linear(12, 2)).train()
    pictures = torch.randn(4, 3, 2, 2)
    classifier(pictures).square().sum().backward()
    assert classifier.visual[0].weight.grad.any()
    assert classifier.visual[0].num_batches_tracked == 0
    torch.testing.assert_close(classifier(pictures)[:1], classifier(pictures[:1]))


def test_a_weight_that_no_output_depends_on_is_no_obstacle_to_a_penalty():
    model = nn.ModuleDict({"used": nn.Linear(2, 1), "unused": nn.Linear(2, 1)})
    for name in ("l1", "l2"):
        method = make_method(name, **{"lambda": 1.0})
        method.begin(model, None)
        with torch.no_grad():
            model["used"].weight.add_(1)
        model["used"](torch.ones(1, 2)).sum().backward()
        method.add_gradients()
        assert model["used"].weight.grad.tolist() == [[2.0, 2.0] if name == "l1" else [3.0, 3.0]]
        assert method.penalty(None) == 2
        model.zero_grad()


def test_words_are_learnt_as_open_clips_tokenizer_will_look_them_up(tmp_path):
    path = tmp_path / "bpe.txt.gz"
    size = write_vocabulary(["Golden Retriever", "a photo of a crème brûlée", "T-shirt &amp; 北京", "it's 12"], path)
    tokenizer = open_clip.SimpleTokenizer(bpe_path=str(path), context_length=8)
    assert tokenizer.vocab_size == size
    for word in ("Golden", "golden", "RETRIEVER", "Crème", "brûlée", "shirt", "北京"):
        assert len(tokenizer.encode(word)) == 1, word
    assert tokenizer.encode("Golden Retriever") == tokenizer.encode("golden  retriever")


@pytest.mark.parametrize(
    ("family", "names", "alike"),
    [
        ("CLIP ViT", ["Golden Retriever", "cat", "golden retriever"], ("Golden Retriever", "golden retriever")),
        ("CLIP ViT", [f"{'very ' * 20}{kind} cat" for kind in ("old", "young")], ("old cat", "young cat")),
        ("SigLIP", ["cat", "猫", "dog", "собака"], ("собака", "猫")),
    ],
)
def test_class_names_that_become_the_same_tokens_are_refused(family, names, alike, tmp_path):
    clip = fetched(family, tmp_path)
    data = make_image_set(tmp_path / "data", 8, size=SIZE, classes=names)
    with pytest.raises(StudyError, match=r"data: classes '.*{}' and '.*{}': the model's tokenizer".format(*alike)):
        build_classifier(tmp_path / "base", clip=clip, data=data, templates=["a photo of a {}", "a {}"])
    assert not (tmp_path / "base").exists()


def test_names_that_one_of_the_templates_tells_apart_are_taken(tmp_path):
    model, tokenizer, _ = load_clip(fetched("CLIP ViT", tmp_path))
    long = "a photo of " * 6
    head = zero_shot_head(model, tokenizer, ["cat", "dog", "cat"], prompts([f"{long}{{}}", "a {}"]))
    assert not torch.equal(head.weight[0], head.weight[1])
    assert torch.equal(head.weight[0], head.weight[2])  # one name may stand for two classes


def test_the_trial_says_what_was_tried(tmp_path):
    clip = fetched("CLIP ViT", tmp_path)
    trials = [FULL | {"method": name, "hyperparameters": values} for name, values in METHODS.items()]
    try_clip(tmp_path / "released.tried", model=clip, name="models.mine", trials=trials)
    lines = (tmp_path / "released.tried").read_text().splitlines()
    assert all(re.fullmatch(r".+: works, \d+\.\d s", line) for line in lines)
    assert [line.split(":")[0] for line in lines if "step" in line] == [
        *("a step of full", "a step of l1, lambda 0.001", "a step of l2, lambda 0.1", "a step of kd, lambda 0.1"),
        *("a step of lora, rank 2", "a step of kl, lambda 0.1", "a step of ewc, lambda 0.1"),
        *("a step of freeze, share 0.5", "a step of layer_rates, decay 0.5", "a step of replay_control, share 0.5"),
        *("a step of flow", "a step of eaft"),
    ]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@register_model
def tiny_batch(pretrained: bool = False, **options):
    """A tower whose features depend on the other pictures of the batch."""
    tower = timm.models.create_model("tiny_siglip", **options)
    tower.patch_embed.register_forward_hook(lambda module, inputs, outputs: outputs - outputs.mean(0, keepdim=True))
    return tower


def odd(**vision):
    return CONFIGS["SigLIP"]["vision_cfg"] | vision


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"vision_cfg": odd(timm_model_name="tiny_batch")},
            "models.mine: micro_batch: 1 does not work, .* differs from that of its parts",
        ),
        ({"vision_cfg": odd(image_size=32)}, "models.mine: scoring a picture does not work, .*"),
    ],
)
def test_the_trial_names_the_model_and_the_step(changes, message, tmp_path):
    clip = fetched("SigLIP", tmp_path, **changes)
    with pytest.raises(StudyError, match=message):
        try_clip(tmp_path / "released.tried", model=clip, name="models.mine", trials=[FULL])
    assert not (tmp_path / "released.tried").exists()


def test_a_tokenizer_of_more_tokens_than_the_tower_is_told_by_the_trial(tmp_path):
    text_cfg = CONFIGS["CLIP ViT"]["text_cfg"] | {"vocab_size": 100}
    clip = fetched("CLIP ViT", tmp_path, text_cfg=text_cfg)
    with pytest.raises(StudyError, match=r"models\.mine: the zero-shot head does not work"):
        try_clip(tmp_path / "released.tried", model=clip, name="models.mine", trials=[FULL])


def test_the_script_ends_in_one_line(tmp_path):
    command = [
        sys.executable,
        ROOT / "workflow/scripts/try_clip.py",
        "--model",
        tmp_path / "no",
        *("--name", "models.mine", "--trials", as_json([FULL])),
    ]
    done = subprocess.run([*command, "--output", tmp_path / "out"], capture_output=True, text=True)
    assert done.returncode
    assert len(done.stderr.strip().splitlines()) == 1
    assert "models.mine: the zero-shot head" in done.stderr


def released(**methods):
    """The embedded study about a released model."""
    config = copy.deepcopy(EMBEDDED)
    config["models"]["tiny-clip"] = {"source": "open_clip", "name": "ViT-B-32", "weights": "laion2b_s34b_b79k"}
    config["experiments"]["imagenet"]["methods"] |= methods
    return Study(check(config))


def test_a_study_tries_each_methods_first_setting_once():
    study = released()
    settings = trials(study, "tiny-clip")
    assert [trial["method"] for trial in settings] == ["full", "l1", "l2", "kd", "lora"]
    assert settings[1] == study.finetune_settings("imagenet", "l1", "lambda-1e-05")
    more = trials(released(full={"train": {"lr": 1e-4}}), "tiny-clip")
    assert Counter(trial["method"] for trial in more) == {"full": 2, "l1": 1, "l2": 1, "kd": 1, "lora": 1}
    checked = "results/embedded/imagenet/classes.checked"
    assert tried(study, "imagenet", "none") == ["results/embedded/models/tiny-clip/released.tried", checked]
    assert tried(Study(EMBEDDED), "imagenet", "1") == [checked]
    assert trials(study, "tiny-opt")


def test_a_trial_comes_before_training_and_another_one_trains_nothing(tmp_path):
    config = tiny("tiny")
    assert "try_clip" not in planned(tmp_path, config)
    (name,) = config["models"]
    config["models"][name] = {"source": "open_clip", "name": "ViT-B-32", "weights": "laion2b_s34b_b79k"}
    plan = planned(tmp_path, config)
    assert plan["try_clip"] == plan["fetch_open_clip"] == 1
    for line in snakemake(tmp_path, "--summary", config=config).splitlines():
        path = tmp_path / line.split("\t")[0]
        if line.startswith(("results", "reports")):
            file = path if path.suffix else path / "x"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("made")
    snakemake(tmp_path, "--touch", "--forceall", "--cores", "1", config=config)
    assert planned(tmp_path, config) == {}
    (experiment,) = config["experiments"].values()
    experiment["methods"]["kd"]["lambda"].insert(0, 0.001)
    plan = planned(tmp_path, config)
    assert plan["try_clip"] == plan["finetune_clip"] == 1  # the λ that is new, and none of the others
    assert not plan.keys() & {"build_classifier", "finetune_series_clip"}
    experiment["methods"]["kd"]["lambda"] = [0.001]
    assert "finetune_clip" in planned(tmp_path, config)
