"""The device of a stage, and its precision."""

import os

import torch

from generality.errors import StudyError

PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16}


def device(precision: str = "float32") -> torch.device:
    """Return the GPU of this job, else the CPU; each of several processes started by torchrun has a GPU of its own.

    Set the precision of a GPU's float32 products. With `precision` float32 they are made in float32, also in
    convolutions, which torch would round to TensorFloat-32; so float32 means the same on every card. With bfloat16 the
    products left in float32 (distillation's logits) are rounded to TensorFloat-32: 10 bits, against bfloat16's 7, and
    eight times as fast.

    Raise StudyError if there are more processes than GPUs.
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
    """Return a context in which products are made in `precision`; the weights stay in float32."""
    return torch.autocast(where.type, PRECISIONS[precision], enabled=precision != "float32")
