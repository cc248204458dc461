"""Distances between data sets in the pre-trained model's embeddings (the paper's Figure 3 orders the sets by hand)."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from generality.data.text_set import TextSet, open_text_set
from generality.errors import StudyError
from generality.language.blocks import collate, shorten, tokenize
from generality.language.causal_lm import load_causal_lm
from generality.language.encoding import Encoder
from generality.language.outputs import hidden_states, positions
from generality.language.rows import PADDED, TOKENS, batches
from generality.runtime.device import device
from generality.storage.files import whole_file
from generality.storage.unfinished import unfinished


def standardised_distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the distance d(A, B) between two sets of embeddings, each of shape (examples, width).

    d(A, B)² is the mean over dimensions of (μ_A − μ_B)² / ((σ_A² + σ_B²) / 2). Each dimension is measured in units of
    the sets' own spread, so that the few large dimensions of language models' hidden states do not decide alone. The
    distance of a set to itself is 0; it is not finite if neither set has a spread in some dimension.
    """
    difference = ours.mean(axis=0) - theirs.mean(axis=0)
    spread = (ours.var(axis=0) + theirs.var(axis=0)) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.sqrt(np.mean(difference**2 / spread)))


@torch.no_grad()
def embed(model, tokenizer, texts: TextSet) -> np.ndarray:
    """Return the mean last hidden state over the tokens of prompt and answer, float64 of shape (examples, width).

    Leave out the special tokens at the start of a text: their states are the same in all texts and many times larger.
    """
    where, first = next(model.parameters()).device, len(Encoder(tokenizer).first)
    tokens = shorten(tokenize(texts, tokenizer, "all"), positions(model.config), first)
    means: list[np.ndarray] = [np.empty(0)] * len(tokens)
    for places in batches(list(map(len, tokens)), TOKENS, PADDED):
        batch = collate([tokens[place] for place in places], tokenizer.pad_token_id, where)
        states, mask = hidden_states(model, batch.ids, batch.mask).double(), batch.mask[:, :, None].clone()
        mask[:, :first] = 0
        for place, mean in zip(places, ((states * mask).sum(1) / mask.sum(1)).cpu().numpy(), strict=True):
            means[place] = mean
    return np.stack(means)


def measure_distances(
    output: str | Path,
    *,
    model: str | Path,
    speciality: str | Path,
    sets: Mapping[str, str | Path],
    limit: int | None = None,
) -> None:
    """Write CSV rows (data, distance) with each text set's distance from the fine-tuning set `speciality`.

    `sets` is {"set/domain": folder}. At most `limit` examples of each set, including the speciality, are embedded.
    Raise StudyError if the distance is not finite because neither set's examples differ. An interrupted run resumes
    after the last embedded set.
    """
    language_model, tokenizer, _ = load_causal_lm(model)
    language_model.to(device())

    def embedded(folder: str | Path) -> pd.DataFrame:
        return pd.DataFrame(embed(language_model, tokenizer, open_text_set(folder).part(limit))).rename(columns=str)

    settings = {"sets": list(sets), "limit": limit, "device": device().type}
    with unfinished(output, __name__, settings=settings, inputs=[model, speciality, *sets.values()]) as begun:
        origin = begun.part("speciality", partial(embedded, speciality)).to_numpy()
        rows = []
        for name, folder in sets.items():
            distance = standardised_distance(origin, begun.part(name, partial(embedded, folder)).to_numpy())
            if not np.isfinite(distance):
                raise StudyError(f"{folder}: neither its examples nor the speciality's differ; give both more of them")
            rows.append((name, distance))
        with whole_file(output) as temporary:
            pd.DataFrame(rows, columns=["data", "distance"]).to_csv(temporary, index=False)
