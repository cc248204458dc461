"""Several processes that fine-tune one model together, a GPU each, as torchrun starts them.

Every process holds the whole model and learns its share of each batch. The gradients are added up after the backward
pass, in place and one call a parameter: exact, of one form with accumulation and with the methods' own gradients, and
without DistributedDataParallel's buckets, a second copy of all gradients. What that costs is that nothing overlaps:
Galactica's 5.3 GB take some 25 ms among four GPUs joined by NVLink, of steps of 130 ms for 14 blocks a GPU [both
computed, not measured].
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor

from generality.errors import StudyError


def rank() -> int:
    """The number of this process, from 0; the first one writes all files, and is the only one where there is one."""
    return int(os.environ["RANK"]) if dist.is_torchelastic_launched() else 0


def count() -> int:
    """How many processes there are."""
    return int(os.environ["WORLD_SIZE"]) if dist.is_torchelastic_launched() else 1


@contextmanager
def joined(where: torch.device) -> Iterator[None]:
    """Let the processes speak to each other, each of which computes on its device `where`.

    A process that fails ends alone, in the middle of what it was to send; torchrun then ends the others.
    """
    if count() == 1 or dist.is_initialized():  # torchrun's meeting place is good for one meeting
        yield
        return
    on_gpu = where.type == "cuda"
    dist.init_process_group("nccl" if on_gpu else "gloo", device_id=where if on_gpu else None)
    yield
    dist.destroy_process_group()


def add_up(tensors: Iterable[Tensor]) -> None:
    """Give every process the sum over all processes of each tensor, in place."""
    if count() > 1:
        for sending in [dist.all_reduce(tensor, async_op=True) for tensor in tensors]:
            sending.wait()


def sums(numbers: Sequence[float], where: torch.device) -> list[float]:
    """The sum over all processes of each number, the same in every process, each of which computes on `where`."""
    if count() == 1:
        return list(numbers)
    shared = torch.tensor(numbers, dtype=torch.float32, device=where)
    dist.all_reduce(shared)
    return shared.tolist()


def gather(tensor: Tensor, where: torch.device) -> list[Tensor]:
    """The tensor of each process, all of one shape and dtype, on the CPU, in every process."""
    if count() == 1:
        return [tensor.cpu()]
    own = tensor.to(where)
    everyones = [torch.empty_like(own) for _ in range(count())]
    dist.all_gather(everyones, own)
    return [each.cpu() for each in everyones]


def check_alike(parameters: Iterable[Tensor]) -> None:
    """Raises StudyError if the processes' weights, which begin and change alike, have come to differ."""
    if count() > 1:
        sums = torch.stack([p.detach().sum(dtype=torch.float64) for p in parameters])
        least, most = sums.clone(), sums.clone()
        dist.all_reduce(least, dist.ReduceOp.MIN)
        dist.all_reduce(most, dist.ReduceOp.MAX)
        if not torch.equal(least, most):
            raise StudyError(
                f"process {rank()}: the weights of the {count()} processes have come to differ; are their GPUs alike?"
            )
