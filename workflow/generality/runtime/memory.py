"""Work in smaller parts when memory is too small."""

import gc
import sys
from collections.abc import Callable
from typing import TypeVar

from generality.errors import StudyError

Result = TypeVar("Result")
ALLOCATORS = ("out of memory", "DefaultCPUAllocator", "CUBLAS_STATUS_ALLOC_FAILED")  # in messages of RuntimeErrors


class OutOfMemory(StudyError):
    """A lack of memory even for the smallest part of a job's work."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error of torch (GPU or CPU), of Python or of this package says that memory is used up."""
    words = isinstance(error, RuntimeError) and any(words in str(error) for words in ALLOCATORS)
    return words or isinstance(error, MemoryError | OutOfMemory)


def failure(error: Exception) -> str:
    """Return an error in one line; raise it if it is a lack of memory, which is no fault of the code that failed."""
    if is_out_of_memory(error):
        raise error
    return " ".join(str(error).split()) or type(error).__name__


def in_parts_that_fit(run: Callable[[int], Result], size: int, unit: str, what: str) -> tuple[Result, int]:
    """Return the result of `run(size)`, and the size that fits; halve the size whenever memory is used up.

    `run` starts anew with each call; `unit` is the plural of the things that size counts; `what` names the work in
    messages. Raise OutOfMemory if not even one fits.
    """
    while True:
        try:
            return run(size), size
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            reason = brief(error)
        # Memory is freed outside the handler, since the error keeps all computed tensors alive.
        gc.collect()
        if (torch := sys.modules.get("torch")) and torch.cuda.is_available():
            torch.cuda.empty_cache()
        if size == 1:
            raise OutOfMemory(
                f"{what}: memory is too small even for one of the {unit} at a time ({reason}); "
                "ask for a GPU with more, or take bfloat16 or a smaller model (docs/memory.md)"
            )
        size = (size + 1) // 2
        print(f"{what}: out of memory ({reason}); goes on with {size} {unit} at a time", file=sys.stderr)


def brief(error: BaseException) -> str:
    """Return the sentence of such an error that says what was missing; torch adds others about its allocators."""
    sentences = " ".join(str(error).split()).split(". ")
    return next((one for one in sentences if any(words in one for words in ALLOCATORS)), type(error).__name__)
