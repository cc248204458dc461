"""Small things that many tests need: pictures with something to learn, and a CLIP pre-trained for a few steps."""

import numpy as np
import pytest
import torch

from generality.data.image_set import new_image_set

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
}  # fmt: skip


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


def make_image_set(folder, count, *, classes=CLASSES, captions=False, seed=0, size=32, source=None):
    """Pictures with a bright band whose height is the class, over noise."""
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
    """A CLIP of open_clip's own format, pre-trained for eight steps."""
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
    """The zero-shot classifier of that CLIP, with a training and a test set beside it."""
    from generality.vision.classifier import build_classifier

    root = clip_folder.parent
    make_image_set(root / "train", 96, seed=1)
    make_image_set(root / "test", 40, seed=2)
    build_classifier(root / "base", clip=clip_folder, data=root / "train", templates=["a photo of a {}", "a {}"])
    return root / "base"
