"""Score eight models on a folder of JPEGs: decoded once for all models, or once for each.

Our side is the stages: `decode` writes the image set once, and `score_classifiers` scores each of the eight models on
it and writes its rows. On the other side, each model goes through the folder by torchvision and open_clip:
`ImageFolder`, open_clip's evaluation transform, and a `DataLoader` without workers. Both load the same classifiers and
run them on one core.

The models are a ViT of one narrow layer on 224 pixels, so that decoding is most of the work, as it is on a GPU: there
ViT-B/16 takes 0.1 ms a picture, and 16 cores need 0.2 ms to decode one.
"""

from pathlib import Path

import numpy as np
import open_clip
import pandas as pd
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

from benchmarks.pairs import Context, Row, alternate
from generality.data.pictures.image_folder import decode
from generality.storage.files import write_json
from generality.vision.classifier import ImageClassifier, load_classifier, save_classifier
from generality.vision.clip import CONFIG, build_image_tower
from generality.vision.score import margins, score_classifiers

SIZE = (500, 375)  # pixels; the most usual size in ImageNet
QUALITY = 90  # with the noise below, 100 KB a picture, about as in ImageNet
CLASSES = [f"class_{number}" for number in range(10)]
MODELS = 8  # fewer than a study scores on each set
ARCHITECTURE = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": 224, "layers": 1, "width": 64, "head_width": 32, "patch_size": 32},
    "text_cfg": {"context_length": 8, "vocab_size": 16, "width": 32, "heads": 2, "layers": 1},  # built, but unused
}
PREPROCESS = {"size": 224, "mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD}
BATCH = 32  # pictures that the DataLoader gives at a time: the fastest of 16, 32 and 256
CLOSE = 1e-4  # for logits around 1 in float32, with bytes normalised in another order


def rows(context: Context) -> list[Row]:
    models, count = (2, 40) if context.tiny else (MODELS, 600)
    root = context.folder / "pictures"
    _draw(root / "test", count)
    folders = [_model(context.folder / f"model-{number}", number) for number in range(models)]
    results = {}  # by side and model: the margin of each picture

    def ours() -> None:
        decode(
            context.folder / "set", name="bench", domain="test", split="test", settings={"root": str(root), "size": 224}
        )
        for folder in folders:
            output = context.folder / "scores.parquet"
            score_classifiers(
                output, sets={("bench/test", "test"): context.folder / "set"}, model=folder, method="pretrained",
                setting="default", seed="1",
            )  # fmt: skip
            results["ours", folder] = pd.read_parquet(output)["margin"].to_numpy()

    def theirs() -> None:
        for folder in folders:
            results["theirs", folder] = _evaluate(folder, root / "test")

    seconds = alternate({"ours": ours, "theirs": theirs}, context.rounds)
    for folder in folders:
        _check_alike(results["ours", folder], results["theirs", folder])
    return [
        Row(
            work=f"decode {count} JPEGs of {SIZE[0]} × {SIZE[1]} and evaluate {models} models on them",
            unit="s",
            values=seconds["ours"],
            peer="ImageFolder and DataLoader with open_clip's transform, once a model",
            against=seconds["theirs"],
            target="≥ 4",
            note="the models are small, so that decoding is most of the work, as on a GPU",
        )
    ]


@torch.no_grad()
def _evaluate(folder: Path, pictures: Path) -> np.ndarray:
    """Run the usual loop over a folder of pictures; return margins, for the comparison."""
    classifier, config = load_classifier(folder)
    data = ImageFolder(pictures, image_transform_v2(PreprocessCfg(**config["preprocess_cfg"]), is_train=False))
    batches = [margins(classifier(images), labels) for images, labels in DataLoader(data, BATCH)]
    return torch.cat(batches).numpy()


def _check_alike(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Raise AssertionError unless margins are close and, away from 0, the answers are the same."""
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=CLOSE)
    clear = np.abs(ours) > CLOSE
    assert clear.mean() > 0.99
    assert np.array_equal(ours[clear] > 0, theirs[clear] > 0)


def _draw(folder: Path, count: int) -> None:
    """Draw JPEGs of smooth colours under noise, in the folders of their classes."""
    rng = np.random.default_rng(0)
    for number in range(count):
        place = folder / CLASSES[number % len(CLASSES)]
        place.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize(SIZE, Image.Resampling.BICUBIC), dtype=np.float32)
        noisy = smooth + 12 * rng.standard_normal(smooth.shape, dtype=np.float32)
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(place / f"{number:04}.jpg", quality=QUALITY)


def _model(folder: Path, seed: int) -> Path:
    """Write a classifier folder with weights drawn from a seed."""
    torch.manual_seed(seed)
    config = {"model_cfg": ARCHITECTURE, "preprocess_cfg": PREPROCESS}
    folder.with_suffix(".config").mkdir()
    write_json(folder.with_suffix(".config") / CONFIG, config)
    tower = build_image_tower(folder.with_suffix(".config"))
    head = nn.Linear(ARCHITECTURE["embed_dim"], len(CLASSES))
    names = [name.replace("_", " ") for name in CLASSES]
    save_classifier(ImageClassifier(tower, head), folder, config | {"classes": names})
    return folder
