"""What to do where memory is too small: the same work in smaller parts."""

import gc
import sys
from collections.abc import Callable
from typing import TypeVar

from generality.errors import StudyError

Result = TypeVar("Result")
ALLOCATORS = ("out of memory", "DefaultCPUAllocator", "CUBLAS_STATUS_ALLOC_FAILED")  # in messages of RuntimeErrors


class OutOfMemory(StudyError):
    """Memory is too small for the smallest part of a job's work."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error, torch's for a GPU or for the CPU, Python's or our own, says that memory is used up."""
    words = isinstance(error, RuntimeError) and any(words in str(error) for words in ALLOCATORS)
    return words or isinstance(error, MemoryError | OutOfMemory)


def in_parts_that_fit(run: Callable[[int], Result], size: int, unit: str, what: str) -> tuple[Result, int]:
    """What `run(size)` gives, with half the size for as long as memory is used up, and the size that did fit.

    `run` begins anew with each call; `unit` is the plural of what the size counts, `what` is what it is done for, as
    progress is shown. Raises OutOfMemory where not even one fits.
    """
    while True:
        try:
            return run(size), size
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            reason = brief(error)
        # Here, as the error kept alive all that had been computed.
        _release()
        if size == 1:
            raise OutOfMemory(
                f"{what}: memory is too small even for one of the {unit} at a time ({reason}); "
                "ask for a GPU with more, or take bfloat16 or a smaller model (docs/memory.md)"
            )
        size = (size + 1) // 2
        print(f"{what}: out of memory ({reason}); goes on with {size} {unit} at a time", file=sys.stderr)


def brief(error: BaseException) -> str:
    """The sentence of such an error that says what was missing; torch adds others, on how its allocators work."""
    sentences = " ".join(str(error).split()).split(". ")
    return next((one for one in sentences if any(words in one for words in ALLOCATORS)), type(error).__name__)


def _release() -> None:
    """Give back what nothing refers to any more."""
    gc.collect()
    if (torch := sys.modules.get("torch")) and torch.cuda.is_available():
        torch.cuda.empty_cache()
