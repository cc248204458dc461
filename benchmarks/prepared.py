"""Prepare data and models of the embedded study, at its sizes and by its own stages, for the benches that score.

No time depends on a model's knowledge. The OPT begins with random weights and the CLIP after one step, and both are
fine-tuned for an epoch, so that scores differ from one another and generated answers end.
"""

from pathlib import Path

import torch

from generality.config.study_file import load
from generality.data.picture_world.world import render
from generality.data.text_set import open_text_set
from generality.data.text_world.world import write_texts
from generality.plan.study import Study
from workflows import ROOT

Sets = dict[tuple[str, str], Path]  # folders by ("set/domain", split)
SEED = 1
TEXTS = 2000  # texts of the corpus: enough words for the whole vocabulary


def study() -> Study:
    return Study(load(ROOT / "config.yaml"))


def evaluation_sets(folder: Path, experiment: str) -> Sets:
    """Make all sets that an experiment of the embedded study is scored on."""
    embedded = study()
    keys = embedded.evaluation_sets(experiment)
    return {(name, split): _make_set(embedded, folder, name, split) for name, split in keys}


def language_models(folder: Path, tiny: bool) -> tuple[Path, Path]:
    """Make an OPT of the embedded study's architecture and tokenizer, and one fine-tuned from it on its medmcqa."""
    from transformers import OPTConfig, OPTForCausalLM

    from generality.language.causal_lm import save_causal_lm
    from generality.language.finetune import finetune_causal_lm
    from generality.language.tokenizer import train_tokenizer

    embedded, start, finetuned = study(), folder / "opt", folder / "opt-full"
    corpus = open_text_set(_make_set(embedded, folder, "corpus/all", "train", 400 if tiny else TEXTS))
    settings = embedded.config["models"]["tiny-opt"]
    tokenizer = train_tokenizer((example["text"] for example in corpus.examples), settings["vocabulary"])
    torch.manual_seed(SEED)
    tokens = {f"{role}_token_id": getattr(tokenizer, f"{role}_token_id") for role in ("bos", "pad", "eos")}
    model = OPTForCausalLM(OPTConfig(**settings["architecture"], vocab_size=len(tokenizer), **tokens))
    save_causal_lm(model.eval(), tokenizer, start, {"data": [corpus.manifest["source"]]})
    finetune_causal_lm(
        finetuned, model=start, data=_make_set(embedded, folder, "medical/medmcqa", "train", 40 if tiny else None),
        **_shorter(embedded.finetune_settings("medmcqa", "full", "default"), epochs=1), seed=SEED,
        log=folder / "full.csv",
    )  # fmt: skip
    return start, finetuned


def classifiers(folder: Path, tiny: bool) -> tuple[Path, Path]:
    """Make the initial classifier of the embedded study's experiment `imagenet`, and one fine-tuned from it."""
    from generality.vision.finetune import finetune_classifier
    from generality.vision.pretrain import pretrain_clip
    from generality.vision.zero_shot import build_classifier

    embedded, clip, start, finetuned = study(), folder / "clip", folder / "clip-start", folder / "clip-full"
    settings = _shorter(embedded.config["models"]["tiny-clip"], steps=1)
    web = _make_set(embedded, folder, "web/all", "train", 256)
    pretrain_clip(
        clip, data=web, architecture=settings["architecture"], train=settings["train"], seed=SEED,
        log=folder / "clip.csv",
    )  # fmt: skip
    data = _make_set(embedded, folder, "imagenet/in", "train", 128 if tiny else None)
    build_classifier(start, clip=clip, data=data, templates=embedded.experiment("imagenet")["templates"])
    finetune_classifier(
        finetuned, model=start, data=data,
        **_shorter(embedded.finetune_settings("imagenet", "full", "default"), epochs=1), seed=SEED,
        log=folder / "full.csv",
    )  # fmt: skip
    return start, finetuned


def _shorter(settings: dict, **train: int | str) -> dict:
    return settings | {"train": settings["train"] | train}


def _make_set(embedded: Study, folder: Path, name: str, split: str, count: int | None = None) -> Path:
    data, domain = name.split("/")
    settings = embedded.making(data, domain, split)
    output = folder / "data" / name / split
    write = render if "size" in settings else write_texts
    write(output, **settings | ({"count": count} if count else {}))
    return output
