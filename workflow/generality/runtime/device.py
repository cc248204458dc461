"""Where a stage computes, and how precisely."""

import os

import torch

from generality.errors import StudyError

PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16}


def device(precision: str = "float32") -> torch.device:
    """The GPU that the job was given, else the CPU; of several processes, as torchrun starts them, each has its own.

    On a GPU, products of float32 are made in float32, convolutions included, which torch would round to TensorFloat-32:
    what is called float32 is the same on every card. Where `precision` is bfloat16 that rounding, to 10 bits instead of
    bfloat16's 7, is welcome for what is left in float32 (distillation's logits): it is eight times as fast.

    Raises StudyError where there are more processes than GPUs.
    """
    if not torch.cuda.is_available():
        return torch.device("cpu")
    torch.set_float32_matmul_precision("highest" if precision == "float32" else "high")
    torch.backends.cudnn.allow_tf32 = precision != "float32"
    place = int(os.environ.get("LOCAL_RANK", 0))
    if place >= (gpus := torch.cuda.device_count()):
        raise StudyError(f"process {place + 1} has no GPU: the job sees {gpus}; start as many processes as GPUs")
    return torch.device("cuda", place)


def autocast(where: torch.device, precision: str) -> torch.autocast:
    """A context in which products are made in `precision`; the weights themselves stay in float32."""
    return torch.autocast(where.type, PRECISIONS[precision], enabled=precision != "float32")
