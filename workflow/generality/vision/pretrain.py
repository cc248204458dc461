"""Contrastive pre-training of a small CLIP on captioned pictures (Radford et al. 2021), on the spot."""

from pathlib import Path

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from generality.data.image_set import ImageSet, open_image_set
from generality.device import device
from generality.files import whole_folder, write_json
from generality.progress import progress
from generality.training.log import EVERY, TrainingLog
from generality.training.loop import order
from generality.training.schedule import lr_factor
from generality.vision.clip import CONFIG, VOCABULARY, save_clip
from generality.vision.pixels import Pixels, augment
from generality.vision.tokenizer import write_vocabulary

EMBEDDING_STD = 0.5  # open_clip's 0.02 suits a text tower of width 512; one of width 64 then learns next to nothing
START_SCALE = 20.0  # of the logits; open_clip starts at 14.3, and the two were not compared
MAX_SCALE = 100.0  # Radford et al. clip the learnt scale there
PREPROCESS = {"mean": list(open_clip.OPENAI_DATASET_MEAN), "std": list(open_clip.OPENAI_DATASET_STD)}


def pretrain_clip(
    folder: str | Path, *, data: str | Path, architecture: dict, train: dict, seed: int, log: str | Path
) -> None:
    """Pre-train a CLIP on the captioned image set `data` and write a folder that open_clip opens.

    `architecture` is open_clip's model_cfg without a vocabulary: a byte-pair vocabulary in which each word of the
    captions is one token is trained and saved with the model. Raises ValueError for an image set without captions, or
    with fewer pictures than a batch.
    """
    images = open_image_set(data)
    if not images.captions:
        raise ValueError(f"{data}: has no captions; pre-training needs a `web` picture world or a `captions` data set")
    if len(images) < train["batch_size"]:
        raise ValueError(f"train.batch_size: {train['batch_size']} is more than the {len(images)} pictures of {data}")
    where = device()
    with whole_folder(folder) as partial:
        vocabulary = partial / VOCABULARY
        size = write_vocabulary(" ".join(images.captions).split(), vocabulary)
        text_cfg = architecture["text_cfg"] | {
            "vocab_size": size,
            "tokenizer_kwargs": {"bpe_path": str(Path(folder) / VOCABULARY)},
        }
        model_cfg = architecture | {"text_cfg": text_cfg}
        torch.manual_seed(seed)
        write_json(partial / CONFIG, {"model_cfg": model_cfg})
        model = open_clip.create_model(f"local-dir:{partial}", load_weights=False).to(where)
        nn.init.normal_(model.token_embedding.weight, std=EMBEDDING_STD)
        nn.init.constant_(model.logit_scale, float(np.log(START_SCALE)))
        tokenizer = open_clip.get_tokenizer(f"local-dir:{partial}", bpe_path=str(vocabulary))
        _train(model, images, tokenizer(images.captions).to(where), train=train, seed=seed, log=log, what=str(folder))
        provenance = {"data": images.manifest["source"], "train": train, "seed": seed}
        save_clip(model, partial, model_cfg, PREPROCESS, provenance)


def contrastive_loss(images: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """The symmetric cross-entropy of Radford et al. (2021), figure 3; features of shape (batch, width), unit length."""
    logits = scale * images @ texts.T
    labels = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


def _train(
    model: nn.Module, data: ImageSet, tokens: Tensor, *, train: dict, seed: int, log: str | Path, what: str
) -> None:
    optimizers = _optimizers(model, train)
    peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    pixels = Pixels(PREPROCESS, tokens.device)
    batch_size, steps = train["batch_size"], train["steps"]
    per_epoch = len(data) // batch_size
    model.train()
    with TrainingLog(log, "images") as journal, progress(steps, "step", what) as bar:
        for step in range(steps):
            epoch, start = divmod(step, per_epoch)
            if start == 0:
                permutation = order(seed, epoch, len(data))
            # Sorted: which examples make a batch is random, their order in it is not, and the disk prefers it so.
            examples = np.sort(permutation[start * batch_size : (start + 1) * batch_size])
            factor = lr_factor(step, steps, 0, "cosine")
            for optimizer, rates in zip(optimizers, peaks, strict=True):
                for group, rate in zip(optimizer.param_groups, rates, strict=True):
                    group["lr"] = rate * factor
            pictures = augment(pixels(data.images[examples]), train["augment"], seed, epoch, examples)
            features = model.encode_image(pictures, normalize=True)
            texts = model.encode_text(tokens[examples], normalize=True)
            loss = contrastive_loss(features, texts, model.logit_scale.exp())
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), train["clip_norm"])
            due = step % EVERY == 0 or step == steps - 1
            journal.step(step, epoch, loss.item(), 0.0 if due else None, factor, norm.item(), batch_size)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            with torch.no_grad():
                model.logit_scale.clamp_(max=float(np.log(MAX_SCALE)))
            bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
            bar.update()
    model.eval()


def _optimizers(model: nn.Module, train: dict) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the transformer blocks, AdamW for everything else."""
    matrices, rest = [], []
    for name, parameter in model.named_parameters():
        inside = "blocks." in name and parameter.ndim == 2
        (matrices if inside else rest).append(parameter)
    decay = train["weight_decay"]
    return [
        torch.optim.Muon(matrices, lr=train["muon_lr"], weight_decay=decay),
        torch.optim.AdamW(rest, lr=train["adamw_lr"], weight_decay=decay, fused=True),
    ]
