"""The fine-tuning stage of the language track."""

from pathlib import Path

from generality.data.text_set import open_text_set
from generality.device import device
from generality.language.blocks import pack, shorten, tokenize
from generality.language.causal_lm import load_causal_lm, save_causal_lm
from generality.language.objective import NextToken
from generality.provenance import same_world
from generality.training.loop import fit, order
from generality.training.methods import make_method


def finetune_causal_lm(
    folder: str | Path,
    *,
    model: str | Path,
    data: str | Path,
    method: str,
    hyperparameters: dict,
    train: dict,
    seed: int,
    log: str | Path,
) -> None:
    """Fine-tune the model folder `model` on the text set `data` and write the model folder `folder`.

    Beside the loop's keys, `train` holds packing (blocks, as the paper, or padded: an example a row), block_size
    (tokens of a block, and at most of a row) and loss_on (all tokens, or the answer's).
    """
    language_model, tokenizer, provenance = load_causal_lm(model)
    texts = open_text_set(data)
    same_world(provenance["data"], texts.manifest, data)
    examples = tokenize(texts, tokenizer, train["loss_on"])
    if train["packing"] == "blocks":
        unit, examples = "blocks", pack(examples, train["block_size"], order(seed, 0, len(examples)))
    else:
        unit, examples = "examples", shorten(examples, train["block_size"])
    where = device()
    language_model.to(where)
    objective = NextToken(examples, unit=unit, pad=tokenizer.pad_token_id, device=where)
    fit(
        language_model, objective, make_method(method, **hyperparameters), train=train, seed=seed, log=log,
        what=str(folder),
    )  # fmt: skip
    save_causal_lm(language_model, tokenizer, folder, provenance)
