"""The fine-tuning stage of the language track."""

from pathlib import Path

from transformers import PreTrainedTokenizerBase

from generality.data.text_set import TextSet, open_text_set
from generality.data.worlds import same_world
from generality.errors import StudyError
from generality.language.blocks import pack, shorten, tokenize
from generality.language.causal_lm import load_causal_lm, save_causal_lm
from generality.language.encoding import Encoder
from generality.language.objective import NextToken
from generality.language.outputs import positions
from generality.runtime.device import device
from generality.training.loop import order
from generality.training.series import fit_and_save


def finetune_causal_lm(
    folder: str | Path, *, model: str | Path, data: str | Path, train: dict, seed: int, **options
) -> None:
    """Fine-tune the model folder `model` on the text set `data` and write the model folder `folder`.

    Beside the loop's keys, `train` holds packing (blocks, as in the paper, or padded, with one example per row),
    block_size (tokens of a block, or of a row at most) and loss_on (all tokens, or the answer's). `options` are those
    of `fit_and_save`: method, hyperparameters, log and optionally series, the shares of all steps after which to write
    checkpoints into `folder` instead.
    """
    language_model, tokenizer, provenance = load_causal_lm(model)
    texts = open_text_set(data)
    same_world(provenance["data"], texts.manifest, data)
    if train["block_size"] > (most := positions(language_model.config)):
        raise StudyError(f"train.block_size: {train['block_size']} is more than the {most} tokens of {model}; lower it")
    language_model.to(device(train["precision"]))
    if train["compile"]:
        language_model.base_model.compile()
    objective = text_objective(texts, tokenizer, train, seed)
    fit_and_save(
        folder, lambda place: save_causal_lm(language_model, tokenizer, place, provenance), language_model, objective,
        stage=__name__, inputs=[model, data], train=train, seed=seed, **options,
    )  # fmt: skip


def text_objective(texts: TextSet, tokenizer: PreTrainedTokenizerBase, train: dict, seed: int) -> NextToken:
    """Return the objective of fine-tuning on texts, in blocks packed in the order of the seed or padded, one a row."""
    examples = tokenize(texts, tokenizer, train["loss_on"])
    if train["packing"] == "blocks":
        unit, examples = "blocks", pack(examples, train["block_size"], order(seed, 0, len(examples)))
    else:
        unit, examples = "examples", shorten(examples, train["block_size"], len(Encoder(tokenizer).first))
    precision = train["precision"]
    return NextToken(
        examples, unit=unit, pad=tokenizer.pad_token_id, device=device(precision), precision=precision,
        beside=lambda data: text_objective(open_text_set(data), tokenizer, train, seed),
    )  # fmt: skip
