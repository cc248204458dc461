"""Contrastive pre-training of a small CLIP on captioned pictures (Radford et al. 2021)."""

from pathlib import Path

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generality.data.image_set import ImageSet, open_image_set
from generality.data.pictures.resizing import resized
from generality.errors import StudyError
from generality.runtime.device import device
from generality.storage.files import whole_folder, write_json
from generality.storage.unfinished import unfinished
from generality.training.muon import pretrain
from generality.vision.clip import CONFIG, VOCABULARY, create, save_clip
from generality.vision.pixels import Pixels, augment
from generality.vision.tokenizer import write_vocabulary

EMBEDDING_STD = 0.5  # open_clip's 0.02 suits a text tower of width 512; with it one of width 64 learns almost nothing
START_SCALE = 20.0  # of the logits; open_clip starts at 14.3, and the two were not compared
MAX_SCALE = 100.0  # Radford et al. clip the learnt scale at this value
PREPROCESS = {"mean": list(open_clip.OPENAI_DATASET_MEAN), "std": list(open_clip.OPENAI_DATASET_STD)}


def pretrain_clip(
    folder: str | Path, *, data: str | Path, architecture: dict, train: dict, seed: int, log: str | Path
) -> None:
    """Pre-train a CLIP on the captioned image set `data` and write a folder that open_clip opens.

    `architecture` is open_clip's model_cfg without a vocabulary. Train a byte-pair vocabulary in which each word of the
    captions is one token, and save it with the model. Raise StudyError for an image set without captions, or with fewer
    pictures than a batch. An interrupted run resumes where it was.
    """
    images = open_image_set(data)
    if not images.captions:
        raise StudyError(f"{data}: has no captions; pre-training needs a `web` picture world or a `captions` data set")
    where = device()
    settings = {"architecture": architecture, "train": train, "seed": seed, "device": where.type}
    with unfinished(folder, __name__, settings=settings, inputs=[data]) as begun, whole_folder(folder) as partial:
        vocabulary = partial / VOCABULARY
        size = write_vocabulary(images.captions, vocabulary)
        text_cfg = architecture["text_cfg"] | {
            "vocab_size": size,
            "tokenizer_kwargs": {"bpe_path": str(Path(folder) / VOCABULARY)},
        }
        model_cfg = architecture | {"text_cfg": text_cfg}
        torch.manual_seed(seed)
        write_json(partial / CONFIG, {"model_cfg": model_cfg})
        model = create(partial, load_weights=False).to(where)
        nn.init.normal_(model.token_embedding.weight, std=EMBEDDING_STD)
        nn.init.constant_(model.logit_scale, float(np.log(START_SCALE)))
        tokenizer = open_clip.get_tokenizer(f"local-dir:{partial}", bpe_path=str(vocabulary))
        objective = Contrast(images, tokenizer(images.captions).to(where), train["augment"], seed)
        pretrain(model, objective, "blocks.", train=train, seed=seed, log=log, what=str(folder), unfinished=begun)
        source = images.manifest["source"]
        provenance = {"data": source, "train": train, "seed": seed}
        save_clip(model, partial, model_cfg, PREPROCESS | (resized(source) or {}), provenance)


class Contrast:
    """Symmetric cross-entropy between pictures and captions (Radford et al. 2021, figure 3); a loop.Objective."""

    unit = "images"
    divisible = False  # each picture is compared with all captions of its batch

    def __init__(self, data: ImageSet, tokens: Tensor, augmentation: str, seed: int):
        self.data, self.tokens, self.augmentation, self.seed = data, tokens, augmentation, seed
        self.pixels = Pixels(PREPROCESS, tokens.device)

    def __len__(self) -> int:
        return len(self.data)

    def batch(self, epoch: int, examples: np.ndarray) -> tuple[Tensor, Tensor]:
        # Sorted for faster reading from the disk; only the choice of a batch's examples is random, not their order.
        examples = np.sort(examples)
        pictures = self.pixels(self.data.images[examples])
        return augment(pictures, self.augmentation, self.seed, epoch, examples), self.tokens[examples]

    def predictions(self, examples: np.ndarray) -> tuple[int, int]:
        return len(examples), 0

    def loss(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, None]:
        pictures, tokens = batch
        with torch.no_grad():
            model.logit_scale.clamp_(max=float(np.log(MAX_SCALE)))
        images, texts = model.encode_image(pictures, normalize=True), model.encode_text(tokens, normalize=True)
        return contrastive_loss(images, texts, model.logit_scale), None


def contrastive_loss(images: Tensor, texts: Tensor, logit_scale: Tensor) -> Tensor:
    """Return the mean of both cross-entropies between unit-length features of pairs, each of shape (batch, width)."""
    logits = logit_scale.exp() * images @ texts.T
    labels = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
