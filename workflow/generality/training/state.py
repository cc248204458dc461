"""The state of a training between two steps: everything that the next step depends on, saved at times and restored.

Resuming is exact. An interrupted training ends with the same weights, log and scores as an uninterrupted one, bit for
bit on a CPU. Some of the state is not saved because it can be computed again: the order of the data from (seed, epoch),
augmentation from (seed, epoch, example), the learning rate from the step, θ₀ and a teacher from the start of the run.
Tensors are stored as safetensors, which cannot hold code.
"""

import signal
import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from generality.storage.unfinished import SECONDS, Unfinished
from generality.training import processes
from generality.training.log import TrainingLog

NAME = "training"
SHARE = 0.02  # the part of the time that saves may take: after a long save the next one comes later
SIGNALS = (signal.SIGTERM, signal.SIGINT)  # sent by a cluster before a time limit; sent by a terminal


class State:
    """The saved state of one training; without `unfinished` it does nothing.

    Inside its `with` block, SIGTERM or SIGINT ends the process after the current step, with a save and SystemExit. All
    of several processes make the same decision.
    """

    def __init__(
        self,
        unfinished: Unfinished | None,
        model: nn.Module,
        optimizers: Sequence[torch.optim.Optimizer],
        journal: TrainingLog,
    ):
        self.unfinished, self.journal, self.optimizers = unfinished, journal, optimizers
        trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.tensors = trained | dict(model.named_buffers())
        self.where = next(iter(self.tensors.values())).device
        self.stopping, self.due = False, time.monotonic() + SECONDS

    def begin(self) -> int:
        """Restore the saved state, including the log's rows; return the number of steps taken so far."""
        entry = self.unfinished and self.unfinished.load(NAME)
        if not entry:
            return 0
        file, facts = entry
        saved = load_file(file)
        with torch.no_grad():
            for name, tensor in self.tensors.items():
                tensor.copy_(saved.pop(f"model.{name}"))
        _set_random_state(saved.pop(f"random.{processes.rank()}"))
        for number, optimizer in enumerate(self.optimizers):
            state: dict[int, dict[str, Tensor]] = {}
            for name, tensor in saved.items():
                kind, owner, *rest = name.split(".")
                if (kind, owner) == ("optimizer", str(number)):
                    state.setdefault(int(rest[0]), {})[rest[1]] = tensor
            optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
        if self.unfinished.writes:
            self.journal.restore(facts["log"])
        return facts["step"]

    def look(self, step: int) -> None:
        """Save after `step` steps if a save is due or a signal came; after a signal, end the process."""
        if not self.unfinished:
            return
        due_here = processes.rank() == 0 and time.monotonic() >= self.due
        stopping, due = processes.sums([self.stopping, due_here], self.where)
        if stopping or due:
            self._save(step)
        if stopping:
            sys.exit(f"{self.unfinished.folder}: stopped after step {step}, from which the next run goes on")

    def _save(self, step: int) -> None:
        start = time.monotonic()
        random = processes.gather(_random_state(self.where), self.where)
        tensors = {f"model.{name}": tensor for name, tensor in self.tensors.items()}
        tensors |= {f"random.{rank}": state for rank, state in enumerate(random)}
        for number, optimizer in enumerate(self.optimizers):
            for index, entries in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer.{number}.{index}.{key}": tensor for key, tensor in entries.items()}
        tensors = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
        self.unfinished.save(NAME, lambda path: save_file(tensors, path), {"step": step, "log": self.journal.text()})
        end = time.monotonic()
        self.due = end + max(SECONDS, (end - start) / SHARE)

    def __enter__(self) -> "State":
        self.handlers = {}
        if self.unfinished and threading.current_thread() is threading.main_thread():
            self.handlers = {number: signal.signal(number, self._stop) for number in SIGNALS}
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def _stop(self, number: int, frame: object) -> None:
        if self.stopping and number == signal.SIGINT:
            raise KeyboardInterrupt  # a user who presses Ctrl-C twice does not want to wait
        self.stopping = True


def _random_state(where: torch.device) -> Tensor:
    """Return the state of the generators that dropout draws from, as bytes: the CPU's, then the GPU's."""
    states = [torch.get_rng_state()]
    if where.type == "cuda":
        states.append(torch.cuda.get_rng_state(where))
    return torch.cat(states)


def _set_random_state(state: Tensor) -> None:
    size = len(torch.get_rng_state())
    torch.set_rng_state(state[:size])
    if len(state) > size:
        torch.cuda.set_rng_state(state[size:])
