"""Where a stage computes."""

import torch


def device() -> torch.device:
    """The first GPU that the job was given, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
