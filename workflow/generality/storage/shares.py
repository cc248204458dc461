"""The shares of blocks that a post-hoc method finds by a search, in a CSV file: a row per setting and block."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from math import lcm
from pathlib import Path

import pandas as pd
from safetensors.torch import load_file
from torch import Tensor, nn

from generality.methods import load
from generality.runtime.progress import progress
from generality.storage.divergence import divergence
from generality.storage.files import WEIGHTS, whole_file
from generality.storage.mixtures import mixtures, setting_texts
from generality.storage.unfinished import unfinished

MOST = 1000  # blocks, more than any model has
COLUMNS = ("setting", "block", "share", "loss", "loss_of_alpha")


class Blocks:
    """A model in memory whose weights are mixed anew where the share of a block has changed."""

    def __init__(
        self,
        model: nn.Module,
        mix: Callable[..., Tensor],
        depths: Mapping[str, float],
        pretrained: str | Path,
        finetuned: str | Path,
    ):
        """Read both folders. `mix` takes name, start, end, depth and shares. Raise StudyError as `mixtures` does."""
        next(mixtures(model, load("wise"), pretrained, [finetuned], [0.5]))  # which checks the entries
        entries = model.state_dict()
        where = str(next(iter(entries.values())).device)
        starts, ends = (load_file(Path(folder) / WEIGHTS, where) for folder in (pretrained, finetuned))
        last = lcm(*(Fraction(depth).limit_denominator(MOST).denominator for depth in depths.values()))
        self.mix, self.depths = mix, [place / last for place in range(last + 1)]
        self.entries: list[list[tuple]] = [[] for _ in self.depths]
        for name, start in starts.items():
            self.entries[round(depths[name] * last)].append((name, entries[name], start, ends[name]))
        self.shares: list[float | None] = [None] * len(self.depths)

    def take(self, shares: Sequence[float]) -> None:
        """Load the mixture with these shares of blocks into the model."""
        for depth, block, before, share in zip(self.depths, self.entries, self.shares, shares, strict=True):
            for name, entry, start, end in block if share != before else ():
                if entry.is_floating_point():
                    entry.copy_(self.mix(name, start.float(), end.float(), depth, shares))
        self.shares = list(shares)


def search_shares(
    opened: Callable[[str | Path, str | Path, int | None], tuple[nn.Module, Mapping[str, float], Callable[[], float]]],
    output: str | Path,
    *,
    model: str | Path,
    finetuned: str | Path,
    data: str | Path,
    mix: str,
    values: Sequence[float],
    candidates: int,
    limit: int | None = None,
) -> None:
    """Search the shares of blocks that the post-hoc method `mix` has for each of `values`, and write them.

    `opened(model, data, limit)` returns the model of a folder, the depths of its entries, and a function that returns
    its present loss in nats, the mean over at most `limit` examples of the set in the folder `data`. The columns loss
    and loss_of_alpha are those of the found shares and of the first candidate. A fine-tuning that diverged gives no
    rows. An interrupted run resumes after the last value.
    """
    if divergence(finetuned):
        _write(output, pd.DataFrame(columns=COLUMNS))
        return
    method, (loaded, depths, loss) = load(mix), opened(model, data, limit)

    def searched(text: str, value: float) -> pd.DataFrame:
        def bound(name: str, start: Tensor, end: Tensor, depth: float, shares: Sequence[float]) -> Tensor:
            return method.mix(name, start, end, value, depth, shares)

        losses: list[float] = []
        blocks = Blocks(loaded, bound, depths, model, finetuned)
        with progress(candidates, "candidate", f"{output}: {text}") as bar:

            def loss_of(shares: Sequence[float]) -> float:
                blocks.take(shares)
                losses.append(loss())
                bar.update()
                return losses[-1]

            found = method.search(loss_of, len(blocks.entries), value, candidates)
        rows = {"setting": text, "block": range(len(found)), "share": found}
        return pd.DataFrame(rows | {"loss": min(losses), "loss_of_alpha": losses[0]})

    made_from = {"mix": mix, "values": list(values), "candidates": candidates, "limit": limit}
    with unfinished(output, opened.__module__, settings=made_from, inputs=[model, finetuned, data]) as begun:
        texts = setting_texts(method, values)
        parts = [begun.part(text, partial(searched, text, value)) for text, value in zip(texts, values, strict=True)]
        _write(output, pd.concat(parts))


def read_shares(path: str | Path | None) -> dict[str, list[float]]:
    """Return the shares of all blocks by setting; none without a file."""
    if path is None:
        return {}
    rows = pd.read_csv(path).sort_values(["setting", "block"])
    return {setting: part["share"].tolist() for setting, part in rows.groupby("setting")}


def _write(output: str | Path, table: pd.DataFrame) -> None:
    with whole_file(output) as partial_file:
        table.to_csv(partial_file, index=False)
