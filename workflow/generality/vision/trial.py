"""A trial of every step of a study with a released CLIP and a few random pictures, before any training."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from generality.data.image_set import new_image_set, open_image_set
from generality.errors import StudyError
from generality.methods import load
from generality.storage.files import read_json
from generality.storage.mixtures import mixtures
from generality.training.loop import fit
from generality.training.method import Method, make_method
from generality.training.passes import Passes
from generality.training.trial import Attempt, described, take
from generality.vision.classifier import load_classifier, save_classifier, suitable_pictures
from generality.vision.clip import CONFIG, load_clip
from generality.vision.finetune import prepare
from generality.vision.objective import ImageClassification
from generality.vision.pixels import Pixels
from generality.vision.score import margins, score_classifiers
from generality.vision.zero_shot import build_classifier

CLASSES = ["cat", "dog", "ship", "tree"]  # one picture each
PROMPT = "a photo of a {}"
BRIEF = {"batch_size": len(CLASSES), "epochs": 1, "warmup": 0.0}  # one step, at the peak of the learning rate
CLOSE = 1e-4  # the share of the largest logit that rounding may change
PARTS = 1e-2  # a share of the gradient's length: rounding changes under a thousandth, BatchNorm's statistics a quarter


def attempts(model: str | Path, folder: Path, trials: Sequence[Mapping]) -> Iterator[Attempt]:
    """Yield the name of each step and a function that tries it; steps pass their files on in `folder`."""
    base, data = folder / "base", folder / "pictures"
    yield "the zero-shot head", partial(_build, base, model, data)
    yield "scoring a picture", partial(_check_scores, folder / "scores.parquet", model, base, data)
    for number, trial in enumerate(trials):
        train, tuned = trial["train"] | BRIEF, folder / f"tuned-{number}"
        if number == 0:
            yield "micro_batch: 1", partial(_check_parts, base, data, train)
        yield f"a step of {described(trial)}", partial(_train, tuned, model, base, data, trial | {"train": train})
        yield f"WiSE-FT of {described(trial)}", partial(_interpolate, base, tuned, data, train)


try_clip = partial(take, attempts)


def _build(base: Path, model: str | Path, data: Path) -> None:
    size = suitable_pictures(read_json(Path(model) / CONFIG, "model_cfg", "preprocess_cfg"))["size"]
    with new_image_set(data, size, range(len(CLASSES)), CLASSES, CLASSES, {"kind": "random"}) as images:
        images[:] = np.random.default_rng(0).integers(0, 256, images.shape)
    build_classifier(base, clip=model, data=data, templates=[PROMPT])


def _train(tuned: Path, model: str | Path, base: Path, data: Path, trial: Mapping) -> None:
    """Take a step, which must change a weight; save the classifier, open it and compare its logits."""
    classifier, config, objective = prepare(base, data, train=trial["train"], seed=0)
    before = [entry.clone() for entry in classifier.state_dict().values()]
    beside = {name: model if name == "clip" else data for name in load(trial["method"]).reads}
    method = make_method(trial["method"], **trial["hyperparameters"], **beside)
    fit(
        classifier, objective, method, train=trial["train"], seed=0, log=tuned.with_suffix(".csv"), what=str(tuned)
    )  # fmt: skip
    if all(map(torch.equal, before, classifier.state_dict().values())):
        raise StudyError("no weight changed")
    save_classifier(classifier, tuned, config)
    _check_same(_logits(classifier, objective), _logits(load_classifier(tuned)[0], objective), "the saved logits")


def _interpolate(base: Path, tuned: Path, data: Path, train: Mapping) -> None:
    classifier, _, objective = prepare(base, data, train=train, seed=0)
    for _ in mixtures(classifier, load("wise"), base, [tuned], [0.5]):
        if not torch.isfinite(_logits(classifier, objective)).all():
            raise StudyError("its logits are not finite")


@torch.no_grad()
def _check_scores(scores: Path, model: str | Path, base: Path, data: Path) -> None:
    """Compare the scores of the zero-shot classifier with the whole CLIP's logits of pictures and prompts."""
    score_classifiers(
        scores, sets={("trial", "test"): data}, model=base, method="pretrained", setting="default", seed="0"
    )  # fmt: skip
    clip, tokenizer, config = load_clip(model)
    pictures = Pixels(config["preprocess_cfg"], torch.device("cpu"))(open_image_set(data).images)
    texts = clip.encode_text(tokenizer([PROMPT.format(name) for name in CLASSES]), normalize=True)
    logits = clip.logit_scale.exp() * clip.encode_image(pictures, normalize=True) @ texts.T
    scored = torch.tensor(pd.read_parquet(scores)["margin"])
    _check_same(margins(logits, torch.arange(len(CLASSES))), scored, "its scores")


def _check_parts(base: Path, data: Path, train: dict) -> None:
    """Compare the gradient of a batch with the sum of its examples' gradients, with dropout off."""
    classifier, _, objective = prepare(base, data, train=train | {"precision": "float32", "compile": False}, seed=0)
    classifier.train()
    for module in classifier.modules():
        if "drop" in type(module).__name__.lower():
            module.eval()
    trained = list(classifier.parameters())

    def gradient(size: int) -> Tensor:
        Passes(classifier, objective, Method(), trained, size).gradients(0, np.arange(len(CLASSES)), str(base))
        return torch.cat([p.grad.flatten() for p in trained if p.grad is not None])

    full = gradient(len(CLASSES))
    if not (difference := (gradient(1) - full).norm()) <= PARTS * full.norm():
        raise StudyError(f"the gradient of a batch differs from that of its parts by {difference / full.norm():.2g}")


@torch.no_grad()
def _logits(classifier: torch.nn.Module, objective: ImageClassification) -> Tensor:
    pictures, _ = objective.batch(0, np.arange(len(CLASSES)))
    return classifier.to(pictures.device).eval()(pictures)


def _check_same(expected: Tensor, actual: Tensor, what: str) -> None:
    """Raise StudyError where two tensors differ by more than rounding."""
    difference = (expected - actual.to(expected)).abs().max()
    if not difference <= CLOSE * expected.abs().max().clamp(min=1):
        raise StudyError(f"{what} are off by {difference:.2g}")
