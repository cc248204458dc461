"""CLIP folders, the zero-shot head, LoRA, class subsets and scores."""

import json
import subprocess
import sys

import numpy as np
import open_clip
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from generality.data.class_groups import check_classes, class_groups
from generality.data.image_set import open_image_set
from generality.data.worlds import same_world
from generality.errors import StudyError
from generality.storage.files import read_json
from generality.training.method import make_method
from generality.vision.classifier import load_classifier, sources
from generality.vision.clip import fetch_clip, load_clip
from generality.vision.finetune import finetune_classifier, prepare
from generality.vision.logistic import choose_and_fit
from generality.vision.pixels import Pixels, augment, uniform
from generality.vision.probe import features
from generality.vision.score import group_logits, margins, score_classifiers, score_set
from generality.vision.tokenizer import write_vocabulary
from generality.vision.zero_shot import build_classifier
from interpolated import write_interpolated
from small_sets import CLASSES, make_image_set
from small_trainings import METHODS, PICTURES, TRAIN

REDUCED = "ViT-B-16-reduced-quickgelu"
PACKED = (".in_proj_weight", ".qkv.weight")  # of open_clip and of timm


def test_every_word_is_one_token_of_open_clips_tokenizer(tmp_path):
    words = ["apple", "a", "photo", "palm", "of", "teapot", "x-ray", "is"]
    size = write_vocabulary(words, tmp_path / "bpe.txt.gz")
    tokenizer = open_clip.SimpleTokenizer(bpe_path=str(tmp_path / "bpe.txt.gz"), context_length=12)
    assert tokenizer.vocab_size == size
    for word in ["apple", "a", "photo", "palm", "of", "teapot"]:
        assert len(tokenizer.encode(word)) == 1, word
    assert tokenizer.decode(tokenizer.encode("a photo of apple")).strip() == "a photo of apple"
    before = (tmp_path / "bpe.txt.gz").read_bytes()
    write_vocabulary(reversed(words), tmp_path / "bpe.txt.gz")
    assert (tmp_path / "bpe.txt.gz").read_bytes() == before


def test_open_clips_own_loader_opens_the_pretrained_model_after_one_import(clip_folder):
    """The two lines of docs/models.md, in a fresh interpreter."""
    code = (
        "import open_clip, generality.vision.tiny_stem_vit\n"
        f"model, _, preprocess = open_clip.create_model_and_transforms('local-dir:{clip_folder}')\n"
        f"tokens = open_clip.get_tokenizer('local-dir:{clip_folder}')(['a photo of a pear'])\n"
        "print(type(model).__module__, tuple(model.encode_text(tokens).shape), float(model.logit_scale) > 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == "open_clip.model (1, 32) True"


def test_pretraining_learns_and_repeats_exactly(clip_folder, tmp_path):
    from generality.vision.pretrain import pretrain_clip
    from small_trainings import ARCHITECTURE, PRETRAIN

    losses = pd.read_csv(clip_folder.parent / "log.csv").loss
    assert losses.iloc[-1] < losses.iloc[0]
    pretrain_clip(
        tmp_path / "again", data=clip_folder.parent / "web", architecture=ARCHITECTURE, train=PRETRAIN, seed=1,
        log=tmp_path / "log.csv",
    )  # fmt: skip
    weights = "open_clip_model.safetensors"
    assert (tmp_path / "again" / weights).read_bytes() == (clip_folder / weights).read_bytes()


def test_pretraining_wants_captions(classifier_folder, tmp_path):
    from generality.vision.pretrain import pretrain_clip
    from small_trainings import ARCHITECTURE, PRETRAIN

    with pytest.raises(StudyError, match="train: has no captions"):
        pretrain_clip(
            tmp_path / "m", data=classifier_folder.parent / "train", architecture=ARCHITECTURE, train=PRETRAIN, seed=1,
            log=tmp_path / "log.csv",
        )  # fmt: skip
    assert not (tmp_path / "m").exists()


def test_the_head_is_open_clips_zero_shot_classifier(clip_folder, classifier_folder):
    model, tokenizer, config = load_clip(clip_folder)
    classifier, _ = load_classifier(classifier_folder)
    images = open_image_set(classifier_folder.parent / "test")
    pictures = Pixels(config["preprocess_cfg"], torch.device("cpu"))(images.images[:8])
    with torch.no_grad():
        weights = open_clip.build_zero_shot_classifier(model, tokenizer, CLASSES, ["a photo of a {}", "a {}"])
        expected = model.logit_scale.exp() * model.encode_image(pictures, normalize=True) @ weights
        torch.testing.assert_close(classifier(pictures), expected)
    assert torch.equal(classifier.head.bias, torch.zeros(4))


@pytest.fixture(scope="module")
def vit_folder(tmp_path_factory):
    """OpenAI's ViT-B-16 with fewer and narrower layers, random, saved as the file that a user has."""
    folder = tmp_path_factory.mktemp("vit")
    config = open_clip.get_model_config("ViT-B-16-quickgelu")
    config["vision_cfg"] |= {"layers": 2, "width": 128}
    config["text_cfg"] |= {"layers": 2, "width": 64, "heads": 2}
    (folder / f"{REDUCED}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder / f"{REDUCED}.json")
    torch.manual_seed(0)
    model = open_clip.create_model(REDUCED, load_weights=False)
    from safetensors.torch import save_file

    save_file({k: v.contiguous().clone() for k, v in model.state_dict().items()}, folder / "weights.safetensors")
    fetch_clip(folder / "clip", name=REDUCED, weights=str(folder / "weights.safetensors"), preprocess=PICTURES)
    return folder


def test_open_clips_names_take_the_same_rule(vit_folder, tmp_path):
    model, tokenizer, config = load_clip(vit_folder / "clip")
    activations = {type(m).__name__ for m in model.modules() if "gelu" in type(m).__name__.lower()}
    assert activations == {"QuickGELU"}
    saved = load_file(vit_folder / "weights.safetensors")
    assert all(torch.equal(value, saved[name]) for name, value in model.state_dict().items())
    assert config["preprocess_cfg"]["size"] in (224, [224, 224])
    assert tokenizer(["a photo"]).shape == (1, 77)

    make_image_set(tmp_path / "data", 8, size=224)
    build_classifier(tmp_path / "base", clip=vit_folder / "clip", data=tmp_path / "data", templates="openai_imagenet")
    classifier, _ = load_classifier(tmp_path / "base")
    assert {type(m).__name__ for m in classifier.modules() if "gelu" in type(m).__name__.lower()} == {"QuickGELU"}
    norms = classifier.head.weight.norm(dim=1)
    torch.testing.assert_close(norms, torch.full((4,), model.logit_scale.exp().item()))
    check_lora_touches_q_and_v_only(classifier, torch.randn(2, 3, 224, 224))


def test_the_full_vit_has_openais_names_and_sizes():
    """Those of OpenAI's ViT-B/16, as published, without its bytes."""
    with torch.device("meta"):
        model = open_clip.create_model("ViT-B-16-quickgelu", load_weights=False, device="meta")
    state = model.state_dict()
    assert sum(p.numel() for p in model.parameters()) == 149_620_737
    assert state["visual.conv1.weight"].shape == (768, 3, 16, 16)
    assert state["visual.positional_embedding"].shape == (197, 768)
    assert state["visual.transformer.resblocks.11.attn.in_proj_weight"].shape == (3 * 768, 768)
    assert state["visual.proj"].shape == (768, 512)
    assert sum(name.startswith("visual.") and name.endswith(PACKED) for name in state) == 12


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        ("ViT-B-17", "openai", "open_clip knows no model 'ViT-B-17'"),
        ("ViT-B-16", "openai", "name 'ViT-B-16-quickgelu'"),
        ("ViT-B-16-quickgelu", "opneai", r"'opneai' is neither a file .* nor a tag .*openai"),
        ("ViT-B-16-quickgelu", "weights.pt", r"neither a file"),
    ],
)
def test_names_and_weights_that_do_not_fit_are_refused(tmp_path, name, weights, message):
    with pytest.raises(StudyError, match=message):
        fetch_clip(tmp_path / "clip", name=name, weights=weights)


def test_lora_on_timms_attention(classifier_folder):
    classifier, _ = load_classifier(classifier_folder)
    check_lora_touches_q_and_v_only(classifier, torch.randn(4, 3, 32, 32))


class Sums:
    """The sum of a model's outputs; as much of an objective as LoRA asks for."""

    def __init__(self, inputs):
        self.inputs = inputs

    def batch(self, epoch, examples):
        return self.inputs[examples]

    def loss(self, model, batch):
        return model(batch).sum(), None


def check_lora_touches_q_and_v_only(model, pictures):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with torch.no_grad():
        start = model(pictures)
    method = make_method("lora", rank=2)
    torch.manual_seed(0)
    method.begin(model, Sums(pictures))
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    packed = [name for name in before if name.endswith(PACKED)]
    assert len(trained) == 2 * len(packed) > 0  # A and B of each attention
    with torch.no_grad():
        torch.testing.assert_close(model(pictures), start)  # B is zero
        for name, p in model.named_parameters():
            if name.endswith("0.b"):
                assert not p.any()
                p.normal_(std=0.1)
            elif name.endswith("0.a"):
                assert p.any()
        adapted = model(pictures)
    assert not torch.allclose(adapted, start)
    method.end(model)
    with torch.no_grad():
        assert torch.equal(model(pictures), adapted)  # merged exactly
    after = model.state_dict()
    assert after.keys() == before.keys()
    for name, value in after.items():
        if name in packed:
            third = len(value) // 3
            changed = (value != before[name]).any(1)
            assert changed[:third].all(), "queries"
            assert not changed[third : 2 * third].any(), "keys"
            assert changed[2 * third :].all(), "values"
            assert torch.linalg.matrix_rank(value[:third] - before[name][:third], rtol=1e-4) == 2
        else:
            assert torch.equal(value, before[name]), name


def test_lora_without_attention_is_refused():
    with pytest.raises(StudyError, match=r"methods\.lora\.targets: this model has no attention"):
        make_method("lora", rank=2).begin(nn.Linear(2, 2), Sums(torch.ones(1, 2)))


def test_fine_tuning_every_method_then_scoring_and_interpolating(classifier_folder, tmp_path):
    root = classifier_folder.parent
    sets = {("x/test", "test"): root / "test", ("x/train", "validation"): root / "train"}
    base = load_file(classifier_folder / "model.safetensors")
    for method, hyperparameters in METHODS.items():
        train = TRAIN | {"lr": 1e-2, "epochs": 6} if method == "lora" else TRAIN
        finetune_classifier(
            tmp_path / method, model=classifier_folder, data=root / "train", method=method,
            hyperparameters=hyperparameters, train=train, seed=1,
            log=tmp_path / f"{method}.csv",
        )  # fmt: skip
        tuned = load_file(tmp_path / method / "model.safetensors")
        assert tuned.keys() == base.keys()
        assert any(not torch.equal(tuned[name], base[name]) for name in base)
        assert read_json(tmp_path / method / "open_clip_config.json")["classes"] == CLASSES
        losses = pd.read_csv(tmp_path / f"{method}.csv").loss
        assert losses.iloc[-1] < losses.iloc[0]

    score = {"sets": sets, "seed": "1-1"}
    score_classifiers(
        tmp_path / "wise.parquet", model=classifier_folder, finetuned=[tmp_path / "full"], method="wise", setting="",
        mix="wise", values=(0.0, 0.5, 1.0), **score,
    )  # fmt: skip
    wise = pd.read_parquet(tmp_path / "wise.parquet")
    assert list(wise.columns) == [
        *("method", "setting", "seed", "data", "split", "example"),
        *("acc", "margin", "log_loss", "confidence", "choices", "right"),
    ]
    assert len(wise) == 3 * (40 + 96)
    write_interpolated(tmp_path / "half", pretrained=classifier_folder, finetuned=tmp_path / "full", alpha=0.5)
    for setting, folder in {
        "alpha-0": classifier_folder,
        "alpha-0.5": tmp_path / "half",
        "alpha-1": tmp_path / "full",
    }.items():
        score_classifiers(tmp_path / "one.parquet", model=folder, method="m", setting="s", **score)
        one = pd.read_parquet(tmp_path / "one.parquet")
        of_sweep = wise[wise.setting == setting].reset_index(drop=True)
        pd.testing.assert_frame_equal(one[["example", "acc", "margin"]], of_sweep[["example", "acc", "margin"]])

    score_classifiers(tmp_path / "few.parquet", model=folder, method="m", setting="s", limit=10, **score)
    few = pd.read_parquet(tmp_path / "few.parquet")
    assert len(few) == 10 * len(sets)
    both = one.merge(few, on=["data", "split", "example"])
    assert len(both) == len(few)
    assert both["acc_x"].equals(both["acc_y"])


def test_fine_tuning_other_classes_is_refused(classifier_folder, tmp_path):
    data = make_image_set(tmp_path / "data", 32, classes=["apple", "pear", "tram", "bus"])
    with pytest.raises(StudyError, match="its classes are not those of"):
        finetune_classifier(
            tmp_path / "out", model=classifier_folder, data=data, method="full", hyperparameters={}, train=TRAIN,
            seed=1, log=tmp_path / "log.csv",
        )  # fmt: skip


def test_pictures_of_another_world_are_refused(classifier_folder, tmp_path):
    _, config = load_classifier(classifier_folder)
    config["provenance"]["data"]["fingerprint"] = "world one"
    for world in ("world one", "world two"):
        images = make_image_set(tmp_path / world, 4, source={"kind": "picture_world", "fingerprint": world})
        if world == "world one":
            same_world(sources(config), open_image_set(images).manifest, images)
    with pytest.raises(StudyError, match="world two: of another world"):
        same_world(sources(config), open_image_set(images).manifest, images)


def test_class_subsets_restrict_and_group_the_logits(tmp_path):
    logits = torch.tensor([[5.0, 1.0, 4.0, 2.0], [0.0, 3.0, 1.0, 2.0]])
    subset = open_image_set(make_image_set(tmp_path / "r", 4, classes=["bus", "pear"]))
    groups = class_groups(subset, CLASSES, "x/r")
    assert groups == [[3], [1]]
    # Over all classes neither picture's best class is in the subset's order; over the subset they are bus and pear.
    assert group_logits(logits, groups).tolist() == [[2.0, 1.0], [2.0, 3.0]]
    kinds = {"fruit": ["apple", "pear"], "vehicle": ["fire truck", "bus"]}
    mapped = make_image_set(tmp_path / "o", 4, classes=list(kinds), source={"kind": "test", "class_groups": kinds})
    groups = class_groups(open_image_set(mapped), CLASSES, "x/o")
    assert groups == [[0, 1], [2, 3]]
    assert group_logits(logits, groups).tolist() == [[5.0, 4.0], [3.0, 2.0]]
    other = open_image_set(make_image_set(tmp_path / "u", 4, classes=["bus", "tram"]))
    with pytest.raises(StudyError, match="x/u: the model has no class 'tram'"):
        class_groups(other, CLASSES, "x/u")
    train = make_image_set(tmp_path / "t", 4, classes=CLASSES)
    sets = {("x/r", "test"): tmp_path / "r", ("x/o", "test"): mapped}
    check_classes(tmp_path / "classes.checked", train=train, sets=sets)
    lines = (tmp_path / "classes.checked").read_text().splitlines()
    assert lines == ["x/r/test: 2 classes, 2 of the model's 4", "x/o/test: 2 classes, 4 of the model's 4"]
    with pytest.raises(StudyError, match="x/u/test: the model has no class 'tram'"):
        check_classes(tmp_path / "other", train=train, sets={("x/u", "test"): tmp_path / "u"})
    assert not (tmp_path / "other").exists()


def test_classes_of_one_name_have_one_prompt(clip_folder, tmp_path):
    """Two pairs of ImageNet's classes: the marks that tell them apart are in no prompt."""
    classes = ["apple [n00000001]", "apple [n00000002]", "pear", "bus"]
    data = make_image_set(tmp_path / "train", 8, classes=classes)
    build_classifier(tmp_path / "base", clip=clip_folder, data=data, templates=["a photo of a {}"])
    marked, config = load_classifier(tmp_path / "base")
    assert config["classes"] == classes
    plain = make_image_set(tmp_path / "plain", 8, classes=["apple", "x", "pear", "bus"])
    build_classifier(tmp_path / "other", clip=clip_folder, data=plain, templates=["a photo of a {}"])
    other, _ = load_classifier(tmp_path / "other")
    torch.testing.assert_close(marked.head.weight[[0, 1, 2, 3]], other.head.weight[[0, 0, 2, 3]])
    assert class_groups(open_image_set(data), config["classes"], "x") == [[0], [1], [2], [3]]


def test_a_single_class_is_refused(clip_folder, tmp_path):
    data = make_image_set(tmp_path / "one", 2, classes=["apple"])
    with pytest.raises(StudyError, match="one: 'apple' is its only class, and there is nothing to learn; add another"):
        build_classifier(tmp_path / "base", clip=clip_folder, data=data, templates=["a photo of a {}"])
    with pytest.raises(StudyError, match="x/y: 'apple' is its only class, and every answer is right"):
        class_groups(open_image_set(data), ["apple", "pear"], "x/y")


def test_margin_is_right_minus_best_other():
    logits = torch.tensor([[3.0, 1.0, 2.5], [0.0, 4.0, 1.0]])
    assert margins(logits, torch.tensor([0, 2])).tolist() == [0.5, -3.0]


def test_scores_do_not_depend_on_the_batch(classifier_folder, monkeypatch):
    classifier, config = load_classifier(classifier_folder)
    images = open_image_set(classifier_folder.parent / "test")
    pixels = Pixels(config["preprocess_cfg"], torch.device("cpu"))
    groups = class_groups(images, config["classes"], "x/test")
    tables = []
    for batch in (256, 7):
        monkeypatch.setattr("generality.vision.score.BATCH", batch)
        tables.append(score_set(classifier, images, groups, pixels))
    pd.testing.assert_frame_equal(*tables, rtol=1e-4, atol=1e-4)


def test_rows_have_the_clusters_of_the_pictures(classifier_folder, tmp_path):
    classifier, config = load_classifier(classifier_folder)
    images = open_image_set(make_image_set(tmp_path / "set", 12, source={"kind": "test", "cluster": "-([0-9])"}))
    groups, pixels = class_groups(images, config["classes"], "x"), Pixels(config["preprocess_cfg"], torch.device("cpu"))
    assert list(score_set(classifier, images, groups, pixels)["cluster"]) == [*"0123456789", "1", "1"]


def test_augmentation_depends_on_seed_epoch_and_example_alone():
    u = uniform(1, 2, np.array([5, 9, 5]), 4)
    assert u.shape == (3, 4)
    assert (u[0] == u[2]).all()
    assert (u[1] == uniform(1, 2, np.array([9]), 4)[0]).all()
    for other in (uniform(2, 2, np.array([5]), 4), uniform(1, 3, np.array([5]), 4), uniform(1, 2, np.array([6]), 4)):
        assert (other != u[0]).all()
    many = uniform(0, 0, np.arange(20000), 3)
    assert abs(many.mean() - 0.5) < 0.01
    assert abs(np.corrcoef(many.T) - np.eye(3)).max() < 0.03


def test_augmentations_show_the_same_picture_moved():
    ramp = torch.linspace(0, 1, 32).expand(2, 3, 32, 32).contiguous()  # left to right
    examples = np.arange(2)
    assert augment(ramp, "none", 0, 0, examples) is ramp
    seen = {bool(augment(ramp, "shift_flip", 0, epoch, examples)[0, 0, 16, 8] > 0.5) for epoch in range(20)}
    assert seen == {True, False}  # mirrored and not
    for epoch in range(5):
        crop = augment(ramp, "random_resized_crop", 0, epoch, examples)
        slope = (crop[0, 0, 16, 24] - crop[0, 0, 16, 8]) / (ramp[0, 0, 16, 24] - ramp[0, 0, 16, 8])
        assert 0.9 - 0.05 < slope <= 1.0 + 1e-4  # never mirrored, never wider than the picture
    moved = augment(ramp, "shift_flip", 0, 1, examples)
    assert torch.isin(moved.unique(), ramp.unique()).all()  # whole pixels, no blur


def test_lp_ft_begins_from_the_head_of_a_linear_probe(classifier_folder, tmp_path):
    make_image_set(tmp_path / "data", 40)
    classifier, _, objective = prepare(classifier_folder, tmp_path / "data", train=TRAIN, seed=1)
    tower = {name: entry.clone() for name, entry in classifier.visual.state_dict().items()}
    make_method("lp_ft").begin(classifier, objective)
    seen = features(classifier, objective.data, objective.pixels)
    probe, _ = choose_and_fit(seen, objective.labels, 4, {})
    with torch.no_grad():
        torch.testing.assert_close(classifier.head(seen).double(), probe(seen), rtol=1e-4, atol=1e-4)
    assert all(torch.equal(entry, tower[name]) for name, entry in classifier.visual.state_dict().items())
