"""Models of the true architecture with random weights, and random data of the true shape, to fine-tune for timing."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from generality.training.loop import Objective


@dataclass(frozen=True)
class Subject:
    """A model on the CPU, whose copies are trained, and one batch of examples, which every step learns.

    `work` is the number of units (tokens, images) in the batch without padding; `unit` is their name; `inner` is the
    name of the part of a model that the project compiles.
    """

    model: nn.Module
    objective: Objective
    unit: str
    work: int
    inner: str


def make_subject(settings: dict, seed: int, where: torch.device) -> Subject:
    """Return the subject of one model's settings; its batches are made on `where`."""
    torch.manual_seed(seed)
    return (_language if settings["track"] == "language" else _vision)(settings, np.random.default_rng(seed), where)


def _language(settings: dict, rng: np.random.Generator, where: torch.device) -> Subject:
    """Return full blocks in which every token is learnt, so that the work does not depend on the length of answers."""
    from transformers import OPTConfig, OPTForCausalLM  # imported here so that each track imports only what it needs

    from generality.language.blocks import Tokens
    from generality.language.objective import NextToken
    from generality.language.outputs import changes_logits

    class Asked(NextToken):
        """An objective that asks the teacher in every step, since the paper's data have too many answers to keep."""

        def remember(self, model: nn.Module) -> None:
            return None

    config, train = OPTConfig(**settings["architecture"]), settings["train"]
    size, count = train["block_size"], train["batch_size"]
    ids = rng.integers(0, config.vocab_size, (count, size))
    texts = [Tokens(row, np.full(size, True)) for row in ids]
    objective = Asked(texts, unit="blocks", pad=config.pad_token_id, device=where, precision=train["precision"])
    model = OPTForCausalLM(config)
    changes_logits(model)  # computed once per model, so do it before the timed steps
    return Subject(model, objective, "tokens", ids.size, "base_model")


def _vision(settings: dict, rng: np.random.Generator, where: torch.device) -> Subject:
    """Return pictures in memory, cropped at random; the time to read them from a disk is not measured."""
    import open_clip

    from generality.data.image_set import ImageSet
    from generality.vision.classifier import ImageClassifier
    from generality.vision.objective import ImageClassification

    train, classes = settings["train"], settings["classes"]
    config = open_clip.get_model_config(settings["architecture"]["name"])
    config["vision_cfg"] |= settings["architecture"]["vision_cfg"]
    size, count = config["vision_cfg"]["image_size"], train["batch_size"]
    images = rng.integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    ids = [str(index) for index in range(count)]
    data = ImageSet(
        images, rng.integers(0, classes, count), ids, [], {"classes": [str(name) for name in range(classes)]}
    )
    objective = ImageClassification(
        data, preprocess_cfg={"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD},
        augmentation=train["augment"], seed=0, device=where, precision=train["precision"],
    )  # fmt: skip
    model = ImageClassifier(open_clip.CLIP(**config).visual, nn.Linear(config["embed_dim"], classes))
    return Subject(model, objective, "images", count, "visual")
