"""The state of a training between two steps: all that its next step depends on, saved now and then and brought back.

Exact resume: a training that was interrupted ends with the weights, the log and so the scores of one that was not, bit
for bit on a CPU. What is not saved follows from the seed alone: the order of the data from (seed, epoch), augmentation
from (seed, epoch, example), the learning rate from the step; and from the start: θ₀ and a teacher, which a method makes
anew. Tensors are safetensors, so nothing that is read can run.
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
SHARE = 0.02  # of the time that saves may take: where one takes long, the next is later
SIGNALS = (signal.SIGTERM, signal.SIGINT)  # of a cluster before a time limit; of a terminal


class State:
    """Saves and brings back one training; without `unfinished` it does nothing.

    While it is entered, SIGTERM or SIGINT no longer ends the process at once, but after the step that is being taken,
    with a save and SystemExit. Of several processes all come to the same decision.
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
        self.asked, self.due = False, time.monotonic() + SECONDS

    def begin(self) -> int:
        """Bring back what was saved, the log's rows too; the number of steps that were taken."""
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
        """After `step` steps: save if it is time to, or if this process is to end, and then end it."""
        if not self.unfinished:
            return
        asked, due = processes.sums([self.asked, processes.rank() == 0 and time.monotonic() >= self.due], self.where)
        if asked or due:
            self._save(step)
        if asked:
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

    @property
    def where(self) -> torch.device:
        return next(iter(self.tensors.values())).device

    def __enter__(self) -> "State":
        self.handlers = {}
        if self.unfinished and threading.current_thread() is threading.main_thread():
            self.handlers = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: object) -> None:
        if self.asked and number == signal.SIGINT:
            raise KeyboardInterrupt  # who presses Ctrl-C twice does not want to wait
        self.asked = True


def _random_state(where: torch.device) -> Tensor:
    """The state of the generators that dropout draws from, as bytes: the CPU's, then the GPU's."""
    states = [torch.get_rng_state()]
    if where.type == "cuda":
        states.append(torch.cuda.get_rng_state(where))
    return torch.cat(states)


def _set_random_state(state: Tensor) -> None:
    size = len(torch.get_rng_state())
    torch.set_rng_state(state[:size])
    if len(state) > size:
        torch.cuda.set_rng_state(state[size:])
