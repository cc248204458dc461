"""A released CLIP takes the whole road once, on a few random pictures, before anything is trained with it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from generality.data.image_set import new_image_set, open_image_set
from generality.files import read_json, whole_file
from generality.interpolate import interpolations
from generality.training.loop import fit
from generality.training.methods.base import Method, make_method
from generality.training.passes import Passes
from generality.vision.classifier import load_classifier, save_classifier, wanted_pictures
from generality.vision.clip import CONFIG, load_clip
from generality.vision.finetune import prepare
from generality.vision.objective import ImageClassification
from generality.vision.pixels import Pixels
from generality.vision.score import margins, score_classifiers
from generality.vision.zero_shot import build_classifier

CLASSES = ["cat", "dog", "ship", "tree"]  # one picture each
PROMPT = "a photo of a {}"
BRIEF = {"batch_size": len(CLASSES), "epochs": 1, "warmup": 0.0}  # one step, at the peak of the learning rate
CLOSE = 1e-4  # of the largest logit: what rounding may change
PARTS = 1e-2  # of the gradient's length; rounding changes less than a thousandth, BatchNorm's statistics a quarter


def try_clip(output: str | Path, *, model: str | Path, trials: Sequence[dict]) -> None:
    """Try the CLIP folder `model` and write what was tried, with seconds, into the text file `output`.

    `trials` are fine-tunings as a study describes them: method, hyperparameters, train. Each takes one step. Raises
    ValueError, which names the model and the step, for whatever does not work.
    """
    lines: list[str] = []
    folder = Path(output).parent  # on the disk where the models go: some are larger than a disk for temporary files
    with TemporaryDirectory(dir=folder, prefix=".trial-") as scratch:
        _take_road(Path(scratch), model, trials, lines)
    with whole_file(output) as partial:
        partial.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _take_road(scratch: Path, model: str | Path, trials: Sequence[dict], lines: list[str]) -> None:
    data, base = scratch / "pictures", scratch / "base"
    with _step(model, "the zero-shot head", lines):
        size = wanted_pictures(read_json(Path(model) / CONFIG, "model_cfg", "preprocess_cfg"))["size"]
        with new_image_set(data, size, range(len(CLASSES)), CLASSES, CLASSES, {"kind": "random"}) as images:
            images[:] = np.random.default_rng(0).integers(0, 256, images.shape)
        build_classifier(base, clip=model, data=data, templates=[PROMPT])
    with _step(model, "scoring a picture", lines):
        _check_scores(scratch / "scores.parquet", model, base, data)
    for number, trial in enumerate(trials):
        tuned, train = scratch / f"tuned-{number}", trial["train"] | BRIEF
        setting = "".join(f", {key} {value:g}" for key, value in trial["hyperparameters"].items())
        if number == 0:
            with _step(model, "micro_batch: 1", lines):
                _check_parts(base, data, train)
        with _step(model, f"a step of {trial['method']}{setting}", lines):
            classifier, config, objective = prepare(base, data, train=train, seed=0)
            method = make_method(trial["method"], **trial["hyperparameters"])
            before = [entry.clone() for entry in classifier.state_dict().values()]
            fit(
                classifier, objective, method, train=train, seed=0, log=scratch / "log.csv", what=str(model)
            )  # fmt: skip
            if all(map(torch.equal, before, classifier.state_dict().values())):
                raise ValueError("no weight changed")
        with _step(model, f"saving and opening what {trial['method']} trained", lines):
            save_classifier(classifier, tuned, config)
            _check_same(_logits(classifier, objective), _logits(load_classifier(tuned)[0], objective), "its logits")
        with _step(model, f"interpolating with what {trial['method']} trained", lines):
            for _ in interpolations(classifier, base, tuned, [0.5]):
                if not torch.isfinite(_logits(classifier, objective)).all():
                    raise ValueError("its logits are not finite")


@contextmanager
def _step(model: str | Path, what: str, lines: list[str]) -> Iterator[None]:
    """Note the seconds that the block takes; turn whatever it raises into one line."""
    start = time.monotonic()
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"{model}: {what} does not work, as a trial on {len(CLASSES)} random pictures shows ({reason:.400}); take "
            "another model, or leave this out of the study"
        ) from error
    lines.append(f"{what}: works, {time.monotonic() - start:.1f} s")


@torch.no_grad()
def _check_scores(scores: Path, model: str | Path, base: Path, data: Path) -> None:
    """Compare the scores of the zero-shot classifier with what the whole CLIP says of pictures and prompts."""
    score_classifiers(
        scores, sets={("trial", "test"): data}, model=base, method="pretrained", setting="default", seed=0
    )  # fmt: skip
    clip, tokenizer, config = load_clip(model)
    pictures = Pixels(config["preprocess_cfg"], torch.device("cpu"))(open_image_set(data).images)
    texts = clip.encode_text(tokenizer([PROMPT.format(name) for name in CLASSES]), normalize=True)
    logits = clip.logit_scale.exp() * clip.encode_image(pictures, normalize=True) @ texts.T
    scored = torch.tensor(pd.read_parquet(scores)["margin"])
    _check_same(margins(logits, torch.arange(len(CLASSES))), scored, "its scores")


def _check_parts(base: Path, data: Path, train: dict) -> None:
    """Compare the gradient of a batch with the sum of its examples' gradients, without what dropout draws."""
    classifier, _, objective = prepare(base, data, train=train | {"precision": "float32", "compile": False}, seed=0)
    classifier.train()
    for module in classifier.modules():
        if "drop" in type(module).__name__.lower():
            module.eval()
    trained = list(classifier.parameters())

    def gradient(size: int) -> Tensor:
        Passes(classifier, objective, Method(), trained, size).gradients(0, np.arange(len(CLASSES)), str(base))
        return torch.cat([p.grad.flatten() for p in trained if p.grad is not None])

    whole = gradient(len(CLASSES))
    if not (difference := (gradient(1) - whole).norm()) <= PARTS * whole.norm():
        raise ValueError(
            f"the gradient of a batch is another than that of its parts, by {difference / whole.norm():.2g}"
        )


@torch.no_grad()
def _logits(classifier: torch.nn.Module, objective: ImageClassification) -> Tensor:
    pictures, _ = objective.batch(0, np.arange(len(CLASSES)))
    return classifier.to(pictures.device).eval()(pictures)


def _check_same(wanted: Tensor, found: Tensor, what: str) -> None:
    """Raise ValueError where two tensors differ by more than rounding."""
    difference = (wanted - found.to(wanted)).abs().max()
    if not difference <= CLOSE * wanted.abs().max().clamp(min=1):
        raise ValueError(f"{what} are off by {difference:.2g}")
