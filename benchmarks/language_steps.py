"""Compare steps of fine-tuning a language model in the project's loop and in the Trainer of transformers.

Both fine-tune copies of one model, the embedded study's OPT, on the same blocks in the same order, in one process, in
float32, with fused AdamW, the same learning rates and the same clipping. Only answers are learnt, as in the study. The
project computes logits only where something is learnt; the Trainer, whose labels mark the answers, computes all. The
Trainer shows no progress, and logs, evaluates and saves nothing; the project writes its log and its bar. A check before
the first turn compares their losses.
"""

import csv
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments, default_data_collator

from benchmarks.pairs import Context, Row, alternate
from benchmarks.trainings import SEED, ms, seconds_of_a_step, taking_turns, tiny_opt, training
from generality.language.objective import NextToken
from generality.training.log import EVERY
from generality.training.loop import count_steps, order
from generality.training.method import make_method

IGNORED = -100  # the label of a token that transformers must not learn
STEPS = 2 * EVERY  # steps in a turn of some seconds


class Calls(TrainerCallback):
    """Call `after` as the project's loop does, and keep the losses that the Trainer logs."""

    def __init__(self, after: Callable[[int], None], losses: list | None):
        self.after, self.losses = after, losses

    def on_train_begin(self, args, state, control, **rest):
        self.after(0)

    def on_step_end(self, args, state, control, **rest):
        self.after(state.global_step)

    def on_log(self, args, state, control, logs, **rest):
        if self.losses is not None:
            self.losses.append(logs["loss"])


def rows(context: Context) -> list[Row]:
    model, objective, train = tiny_opt(context.folder, context.tiny)
    train = train | {"optimizer": "adamw"}
    agree(model, objective, train, context.folder)
    took = seconds(context, model, objective, train, EVERY if context.tiny else STEPS)
    tokens = train["batch_size"] * train["block_size"]
    speeds = {side: tokens / np.median(each) for side, each in took.items()}
    learnt = np.mean([text.learnt.mean() for text in objective.texts])
    return [
        Row(
            f"language: a step of {tokens:,} tokens, {learnt:.0%} learnt, tiny OPT",
            "ms", ms(took["ours"]), "transformers' Trainer", "≥ 1.3", ms(took["theirs"]),
            f"{speeds['ours']:,.0f} against {speeds['theirs']:,.0f} tokens/s; nearly all of our step are the layers' "
            "passes, which are transformers' own on both sides",
        )
    ]  # fmt: skip


def seconds(context: Context, model: nn.Module, objective: NextToken, train: dict, steps: int) -> dict[str, list]:
    """Return the seconds of a step on both sides, in turns of so many steps."""
    both = {
        "ours": training(model, objective, make_method("full"), train, context.folder / "ours.csv"),
        "theirs": by_trainer(model, objective, train, context.folder),
    }
    with taking_turns(both, steps) as turns:
        sides = {side: partial(seconds_of_a_step, turn, steps) for side, turn in turns.items()}
        return alternate(sides, context.rounds)


def by_trainer(model: nn.Module, objective: NextToken, train: dict, folder: Path, logs: list | None = None) -> Callable:
    """Return the same fine-tuning by the Trainer, as `Turns` takes it; with `logs`, it logs every step there."""
    copy, steps = deepcopy(model), count_steps(objective, train)
    per_epoch = len(objective) // train["batch_size"] * train["batch_size"]
    examples = np.concatenate([order(SEED, epoch, len(objective))[:per_epoch] for epoch in range(train["epochs"])])
    data = []
    for index in examples:
        text = objective.texts[index]
        ids = torch.from_numpy(text.ids)
        data.append({"input_ids": ids, "labels": torch.where(torch.from_numpy(text.learnt), ids, IGNORED)})
    options = {
        "per_device_train_batch_size": train["batch_size"], "max_steps": steps, "optim": "adamw_torch_fused",
        "learning_rate": train["lr"], "weight_decay": train["weight_decay"], "lr_scheduler_type": train["schedule"],
        "adam_beta1": train["betas"][0], "adam_beta2": train["betas"][1], "max_grad_norm": train["clip_norm"],
        "train_sampling_strategy": "sequential", "dataloader_drop_last": True, "use_cpu": True, "seed": SEED,
        "logging_strategy": "no" if logs is None else "steps", "logging_steps": 1, "report_to": "none",
        "output_dir": str(folder), "save_strategy": "no", "disable_tqdm": True,
        "bf16": train["precision"] == "bfloat16",
    }  # fmt: skip

    def run(after: Callable[[int], None]) -> None:
        trainer = Trainer(
            copy, TrainingArguments(**options), train_dataset=data, data_collator=default_data_collator,
            callbacks=[Calls(after, logs)],
        )  # fmt: skip
        trainer.remove_callback(PrinterCallback)
        trainer.train()

    return run


def agree(model: nn.Module, objective: NextToken, train: dict, folder: Path, rounding: float = 1e-3) -> None:
    """Raise AssertionError if the losses before any step in our log differ by a larger share than `rounding`."""
    log, logs = folder / "agree.csv", []
    both = {
        "ours": training(model, objective, make_method("full"), train, log),
        "theirs": by_trainer(model, objective, train, folder, logs),
    }
    with taking_turns(both, EVERY + 2) as turns:  # the Trainer logs a step after its call of `after`
        for turn in turns.values():
            turn()
    with log.open(encoding="utf-8") as file:
        losses = {int(row["step"]): float(row["loss"]) for row in csv.DictReader(file)}
    for step in (0, EVERY):
        np.testing.assert_allclose(losses[step], logs[step], rtol=rounding)
