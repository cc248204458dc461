"""Several processes, started by torchrun, that fine-tune one model together, each on a GPU of its own.

Every process holds the whole model and learns its share of each batch. Gradients are added up after the backward pass,
in place, with one call per parameter. This is exact, works the same with accumulation and with the methods' own
gradients, and avoids DistributedDataParallel's buckets, a second copy of all gradients. The price is that communication
does not overlap with computation: Galactica's 5.3 GB take some 25 ms among four GPUs joined by NVLink, in steps of
130 ms for 14 blocks per GPU [both computed, not measured].
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor

from generality.errors import StudyError


def rank() -> int:
    """Return the number of this process, from 0. Process 0 writes all files; a single process is process 0."""
    return int(os.environ["RANK"]) if dist.is_torchelastic_launched() else 0


def count() -> int:
    """Return the number of processes."""
    return int(os.environ["WORLD_SIZE"]) if dist.is_torchelastic_launched() else 1


@contextmanager
def joined(where: torch.device) -> Iterator[None]:
    """Connect the processes for the block; each of them computes on its device `where`.

    A process that fails ends alone, in the middle of a message; torchrun then ends the others.
    """
    if count() == 1 or dist.is_initialized():  # torchrun's rendezvous works only once
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
    """Return, in every process, the sum of each number over all processes; each of them computes on `where`."""
    if count() == 1:
        return list(numbers)
    shared = torch.tensor(numbers, dtype=torch.float32, device=where)
    dist.all_reduce(shared)
    return shared.tolist()


def gather(tensor: Tensor, where: torch.device) -> list[Tensor]:
    """Return, in every process, the tensors of all processes on the CPU; they share one shape and dtype."""
    if count() == 1:
        return [tensor.cpu()]
    sent = tensor.to(where)
    received = [torch.empty_like(sent) for _ in range(count())]
    dist.all_gather(received, sent)
    return [part.cpu() for part in received]


def check_alike(parameters: Iterable[Tensor]) -> None:
    """Raise StudyError if the weights differ between processes; they start equal and should change alike."""
    if count() > 1:
        sums = torch.stack([p.detach().sum(dtype=torch.float64) for p in parameters])
        least, most = sums.clone(), sums.clone()
        dist.all_reduce(least, dist.ReduceOp.MIN)
        dist.all_reduce(most, dist.ReduceOp.MAX)
        if not torch.equal(least, most):
            raise StudyError(
                f"process {rank()}: the weights of the {count()} processes have come to differ; are their GPUs alike?"
            )
