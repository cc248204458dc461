"""From stored bytes to the inputs of an image tower, with augmentation that depends only on (seed, epoch, example)."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from generality.data.pictures.resizing import CROP_OF_ORIGINAL

SHIFT = 1 / 8  # of the side: 4 of 32 pixels, the usual amount for pictures of that size
AREA = (0.9, 1.0)  # of the picture that a random crop keeps (the paper's code base, WiSE-FT)
RATIO = (3 / 4, 4 / 3)  # width to height of a random crop, torchvision's default
TRIES = 10  # crops drawn before the whole picture is taken, as torchvision does


class Pixels:
    """A function that normalises uint8 pictures (batch, height, width, 3) to floats (batch, 3, height, width)."""

    def __init__(self, preprocess_cfg: dict, device: torch.device):
        self.mean = 255 * torch.tensor(preprocess_cfg["mean"], device=device)
        self.scale = 1 / (255 * torch.tensor(preprocess_cfg["std"], device=device))
        self.device = device

    def __call__(self, images: np.ndarray) -> Tensor:
        # torch needs writable memory. Pictures picked one by one are already a copy; a slice of a read-only map is not.
        pictures = torch.from_numpy(np.require(images, requirements="CW")).to(self.device).float()
        # In place and by rows of the picture, because on a CPU a loop over three channels is ten times as slow.
        rows = pictures.flatten(2)
        rows.sub_(self.mean.repeat(images.shape[2])).mul_(self.scale.repeat(images.shape[2]))
        return pictures.permute(0, 3, 1, 2)


def uniform(seed: int, epoch: int, examples: np.ndarray, count: int) -> np.ndarray:
    """Return `count` numbers in [0, 1) for each example, float64 of shape (len(examples), count).

    A number is a hash (the finaliser of SplitMix64) of seed, epoch, example and place. It does not depend on the batch
    of an example or on earlier draws, so a resumed run augments like an uninterrupted one.
    """
    with np.errstate(over="ignore"):
        state = _mix(_mix(np.uint64(seed)) + np.uint64(epoch))
        state = _mix(state + examples.astype(np.uint64))[:, None]
        bits = _mix(state + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    return (bits >> np.uint64(11)) * 2.0**-53


def _mix(x: np.ndarray) -> np.ndarray:
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def augment(
    pictures: Tensor, kind: str, seed: int, epoch: int, examples: np.ndarray, aspects: np.ndarray | None = None
) -> Tensor:
    """Augment pictures of shape (batch, 3, height, width); `examples` are their indices in the training set.

    `none` returns them unchanged; `shift_flip` moves them by up to an eighth of the side and mirrors half of them;
    `random_resized_crop` crops 90–100 % of the area, bicubic, not mirrored (the paper's training, Appendix E).
    `crop_of_original` does the same with pictures that were squashed to squares: `aspects`, of shape (batch,), are
    their widths divided by their heights before. This is torchvision's RandomResizedCrop of the original.
    """
    if kind == "none":
        return pictures
    if kind == "shift_flip":
        u = torch.from_numpy(uniform(seed, epoch, examples, 3)).to(pictures)
        side = pictures.shape[-1]
        # Whole pixels, so that a shift does not blur.
        shift = torch.round((2 * u[:, :2] - 1) * SHIFT * side) * 2 / side
        mirror = torch.where(u[:, 2] < 0.5, -1.0, 1.0)
        ones = torch.ones_like(mirror)
        return _resample(pictures, mirror, ones, shift[:, 0], shift[:, 1], "nearest")
    assert kind in ("random_resized_crop", CROP_OF_ORIGINAL), kind
    aspect = np.ones(len(examples)) if aspects is None else aspects.astype(np.float64)
    u = uniform(seed, epoch, examples, 2 * TRIES + 2)
    area = AREA[0] + (AREA[1] - AREA[0]) * u[:, :TRIES]
    ratio = np.exp(np.log(RATIO[0]) + np.log(RATIO[1] / RATIO[0]) * u[:, TRIES : 2 * TRIES])
    # Shares of the picture's width and height.
    width, height = np.sqrt(area * ratio / aspect[:, None]), np.sqrt(area * aspect[:, None] / ratio)
    fits = (width <= 1) & (height <= 1)
    first, rows = fits.argmax(1), np.arange(len(examples))
    # Where no crop fits, torchvision takes as much of the picture as the ratio allows, from its centre.
    width = np.where(fits.any(1), width[rows, first], np.minimum(1.0, RATIO[1] / aspect))
    height = np.where(fits.any(1), height[rows, first], np.minimum(1.0, aspect / RATIO[0]))
    x, y = ((1 - side) * (2 * u[:, place] - 1) * fits.any(1) for side, place in ((width, -2), (height, -1)))
    return _resample(pictures, *(torch.from_numpy(v).to(pictures) for v in (width, height, x, y)), "bicubic")


def _resample(pictures: Tensor, width: Tensor, height: Tensor, x: Tensor, y: Tensor, mode: str) -> Tensor:
    zero = torch.zeros_like(x)
    rows = [torch.stack([width, zero, x], 1), torch.stack([zero, height, y], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, mode=mode, padding_mode="reflection", align_corners=False)
