"""WiSE-FT's mixtures, as tests ask for them."""

from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from generality.methods import load
from generality.storage.mixtures import mixture, mixtures, write_mixture

WISE = load("wise")


def interpolate(pretrained: Path, finetuned: Path, alpha: float) -> Iterator[tuple[str, Tensor]]:
    return mixture(WISE, pretrained, [finetuned], {"alpha": alpha})


def interpolations(model, pretrained: Path, finetuned: Path, alphas: list[float]) -> Iterator[str]:
    return mixtures(model, WISE, pretrained, [finetuned], alphas)


def write_interpolated(folder: Path, *, pretrained: Path, finetuned: Path, alpha: float) -> None:
    write_mixture(folder, method=WISE, pretrained=pretrained, finetuned=[finetuned], values={"alpha": alpha})
