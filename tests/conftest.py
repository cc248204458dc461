"""Fixtures for many tests: small data sets with something to learn, and models pre-trained for a few steps."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from generality.data.image_set import new_image_set
from generality.data.text_set import write_text_set
from generality.report.collect import collect
from scored import EXPERIMENT, LANGUAGE, language_files, vision_files

CLASSES = ["apple", "pear", "fire truck", "bus"]
ARCHITECTURE = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "timm_model_name": "tiny_stem_vit", "timm_pool": "avg", "timm_proj": ""},
    "text_cfg": {"context_length": 12, "width": 32, "heads": 2, "layers": 1},
}
PRETRAIN = {
    "steps": 8,
    "batch_size": 32,
    "muon_lr": 0.02,
    "adamw_lr": 3e-3,
    "weight_decay": 0.01,
    "clip_norm": 1.0,
    "augment": "none",
}
TRAIN = {
    "optimizer": "adamw", "lr": 1e-3, "betas": [0.9, 0.999], "weight_decay": 0.01, "schedule": "cosine",
    "warmup": 0.1, "clip_norm": 1.0, "batch_size": 16, "epochs": 2, "augment": "none",
    "precision": "float32", "compile": False,
}  # fmt: skip
# The preprocessing of a file's weights, for architectures without weights in open_clip.
PICTURES = {"mean": [0.4] * 3, "std": [0.2] * 3, "interpolation": "bicubic", "resize_mode": "shortest"}
METHODS = {"full": {}, "l1": {"lambda": 1e-3}, "l2": {"lambda": 0.1}, "kd": {"lambda": 0.1}, "lora": {"rank": 2}}


def pytest_collection_modifyitems(items):
    """Put the tests of SLURM first: they take minutes, and wait for most of them."""
    items.sort(key=lambda item: item.path.name != "test_slurm.py")


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


def make_image_set(folder, count, *, classes=CLASSES, captions=False, seed=0, size=32, source=None):
    """Write an image set of noise with a bright band, whose height is the class; return the folder."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(classes)
    texts = [f"a photo of a {classes[label]}" for label in labels] if captions else ()
    ids = [f"picture-{i}" for i in range(count)]
    with new_image_set(folder, size, labels, ids, classes, source or {"kind": "test"}, texts) as images:
        images[:] = rng.integers(0, 128, images.shape)
        for picture, label in zip(images, labels, strict=True):
            picture[6 * label : 6 * label + 6] += 100
    return folder


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory):
    """Return a CLIP in open_clip's own format, pre-trained for eight steps."""
    from generality.vision.pretrain import pretrain_clip

    folder = tmp_path_factory.mktemp("models")
    data = make_image_set(folder / "web", 128, captions=True)
    pretrain_clip(
        folder / "clip", data=data, architecture=ARCHITECTURE, train=PRETRAIN, seed=1,
        log=folder / "log.csv",
    )  # fmt: skip
    return folder / "clip"


@pytest.fixture(scope="session")
def classifier_folder(clip_folder):
    """Return the zero-shot classifier of that CLIP, with a training and a test set beside it."""
    from generality.vision.zero_shot import build_classifier

    root = clip_folder.parent
    make_image_set(root / "train", 96, seed=1)
    make_image_set(root / "test", 40, seed=2)
    build_classifier(root / "base", clip=clip_folder, data=root / "train", templates=["a photo of a {}", "a {}"])
    return root / "base"


COLOURS = ["red", "green", "blue", "black"]
THINGS = ["apple", "leaf", "sky", "coal", "rose", "frog", "sea", "crow"]
LANGUAGE_TRAIN = {
    "optimizer": "adam", "lr": 1e-3, "betas": [0.9, 0.999], "weight_decay": 0.0, "schedule": "linear", "warmup": 0.0,
    "clip_norm": 1.0, "batch_size": 4, "epochs": 2, "packing": "blocks", "block_size": 32, "loss_on": "answer",
    "precision": "float32", "compile": False,
}  # fmt: skip
OPT = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "ffn_dim": 64, "word_embed_proj_dim": 32,
    "max_position_embeddings": 64, "init_std": 0.05, "dropout": 0.1,
}  # fmt: skip
LANGUAGE_PRETRAIN = {
    "steps": 12, "batch_size": 8, "block_size": 32, "muon_lr": 0.02, "adamw_lr": 6e-3, "weight_decay": 0.0,
    "clip_norm": 1.0, "precision": "float32",
}  # fmt: skip


def make_text_set(folder, form, count, *, seed=0, source=None):
    """Write a text set of sentences about colours of things, learnable from each other; return the folder."""
    rng = np.random.default_rng(seed)
    examples = []
    for index in range(count):
        thing = int(rng.integers(len(THINGS)))
        right, order = COLOURS[thing % 4], rng.permutation(4)
        example = {"id": f"{form}-{index}"}
        match form:
            case "text":
                example |= {"text": f"the {THINGS[thing]} is {right} ."}
            case "choice":
                choices = [COLOURS[i] for i in order]
                example |= {
                    "prompt": f"what colour has the {THINGS[thing]} ?", "choices": choices,
                    "answer": choices.index(right), "cluster": f"thing {thing}",
                }  # fmt: skip
            case "instruction":
                example |= {
                    "prompt": f"###Human: tell me about the {THINGS[thing]}###Assistant:",
                    "response": f"it is {right} , the {THINGS[thing]} .",
                }
        examples.append(example)
    write_text_set(folder, form, examples, source or {"kind": "test"})
    return folder


@pytest.fixture(scope="session")
def language_folder(tmp_path_factory):
    """Return a folder with text sets (corpus, train, choice, instruction) and an OPT, pre-trained for twelve steps."""
    from generality.language.pretrain import pretrain_opt

    root = tmp_path_factory.mktemp("language")
    make_text_set(root / "corpus", "text", 600)
    make_text_set(root / "train", "choice", 120, seed=1)
    make_text_set(root / "choice", "choice", 24, seed=2)
    make_text_set(root / "instruction", "instruction", 16, seed=3)
    pretrain_opt(
        root / "model", data={"corpus/all": root / "corpus"}, vocabulary=300, architecture=OPT,
        train=LANGUAGE_PRETRAIN, seed=1, log=root / "log.csv",
    )  # fmt: skip
    return root


@pytest.fixture
def files(tmp_path):
    """Return the score files of a small vision experiment; see `scored`."""
    return vision_files(tmp_path)


@pytest.fixture
def table(files):
    """Return the tidy table of `files`."""
    return collect(files, **EXPERIMENT)


@pytest.fixture
def language(tmp_path):
    """Return the tidy table of a small language experiment."""
    (tmp_path / "language").mkdir()
    return collect(language_files(tmp_path / "language"), **LANGUAGE)


@pytest.fixture
def copied(tmp_path):
    """Return a function that copies a folder, for tests that damage it."""

    def copy(folder: Path) -> Path:
        return Path(shutil.copytree(folder, tmp_path / "copy"))

    return copy
