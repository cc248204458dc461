"""Fixtures for many tests: models pre-trained for a few steps with their data, and score files."""

import gc
import shutil
from pathlib import Path

import pytest
import torch

from generality.report.collect import collect
from scored import EXPERIMENT, LANGUAGE, language_files, vision_files
from small_sets import make_image_set, make_text_set
from small_trainings import ARCHITECTURE, LANGUAGE_PRETRAIN, OPT, PRETRAIN


def pytest_collection_modifyitems(items):
    """Put the tests of SLURM first: they take minutes, and wait for most of them."""
    items.sort(key=lambda item: item.path.name != "test_slurm.py")


def pytest_collection_finish():
    """Exempt what is imported by now from garbage collection, which would visit all of it and copy it in each fork."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure():
    """End the exemption, since some libraries complain at exit of objects that were not freed."""
    gc.unfreeze()


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


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
