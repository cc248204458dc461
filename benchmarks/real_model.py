"""Compare training and scoring of a real model, SmolLM2-135M, with transformers' Trainer and lm_eval's command line.

The study workflow/studies/smollm2.yaml has the model and the data, and `snakemake` has to have made both. They are not
part of the project, so this bench runs only when it is named. Training is that of `language_steps` at the study's own
block, batch and precision; scoring that of `tasks`, on `LIMIT` examples of each set.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
from transformers import AutoTokenizer

from benchmarks.harness import assert_same_scores, our_scores, read_scores, score, write_tasks
from benchmarks.language_steps import agree, by_trainer
from benchmarks.pairs import Context, Row, alternate
from benchmarks.tasks import score_by_stage
from benchmarks.trainings import CPU, SEED, ms, seconds_of_a_step, taking_turns, training
from generality.config.study_file import load
from generality.data.text_set import open_text_set
from generality.language.blocks import pack, tokenize
from generality.language.causal_lm import load_causal_lm
from generality.language.objective import NextToken
from generality.plan.study import Study
from generality.storage.seed import RELEASED
from generality.training.loop import order
from generality.training.method import make_method
from workflows import ROOT

FILE, EXPERIMENT = "workflow/studies/smollm2.yaml", "medmcqa"
STEPS = 4  # of training in a turn: half a minute
LIMIT = 20  # examples of a set: a turn of scoring takes some minutes
BATCH = 16  # texts in a pass of the harness, whose logits of 16 long texts are 2 GB
ROUNDING = 0.02  # of losses in bfloat16, which has 8 bits


def rows(context: Context) -> list[Row]:
    study = Study(load(ROOT / FILE))
    model, data = ROOT / study.start_path(EXPERIMENT, RELEASED), ROOT / study.speciality_train(EXPERIMENT)
    sets = {key: ROOT / folder for key, folder in study.evaluation_sets(EXPERIMENT).items()}
    if lacking := [str(folder) for folder in (model, data, *sets.values()) if not folder.is_dir()]:
        sys.exit(f"error: {lacking[0]}: no such folder; run snakemake --configfile {FILE} first")
    return [*_training(context, study, model, data), *_scoring(context, study, model, sets)]


def _training(context: Context, study: Study, folder: Path, data: Path) -> list[Row]:
    setting = next(iter(study.settings(EXPERIMENT, "full")))
    train = study.finetune_settings(EXPERIMENT, "full", setting)["train"] | {"optimizer": "adamw"}
    model, tokenizer, _ = load_causal_lm(folder)
    examples = tokenize(open_text_set(data), tokenizer, train["loss_on"])
    blocks = pack(examples, train["block_size"], order(SEED, 0, len(examples)))
    objective = NextToken(
        blocks, unit="blocks", pad=tokenizer.pad_token_id, device=CPU, precision=train["precision"]
    )  # fmt: skip
    agree(model, objective, train, context.folder, ROUNDING)
    sides = {
        "ours": training(model, objective, make_method("full"), train, context.folder / "ours.csv"),
        "theirs": by_trainer(model, objective, train, context.folder),
    }
    with taking_turns(sides, STEPS) as turns:
        steps = {side: partial(seconds_of_a_step, turn, STEPS) for side, turn in turns.items()}
        took = alternate(steps, context.rounds)
    learnt = np.mean([text.learnt.mean() for text in objective.texts])
    work = f"SmolLM2-135M: a step of {train['batch_size'] * train['block_size']:,} tokens in {train['precision']}"
    return [
        Row(f"{work}, {learnt:.0%} learnt", "ms", ms(took["ours"]), "transformers' Trainer", "≥ 1", ms(took["theirs"]))
    ]


def _scoring(context: Context, study: Study, model: Path, sets: dict) -> list[Row]:
    # The project's own extraction rules are no part of the harness, so answers are read by the plain one.
    generate = [name.partition(":")[0] for name in study.generate(EXPERIMENT)]
    ours, theirs, tasks = (context.folder / name for name in ("ours.parquet", "theirs.json", "tasks"))
    named = write_tasks(tasks, sets, generate, AutoTokenizer.from_pretrained(model), LIMIT)
    turns = {
        "ours": lambda: score_by_stage(ours, sets, generate, LIMIT, "--model", model),
        "theirs": lambda: score(context.peers, model, tasks, named, theirs, BATCH),
    }
    seconds = alternate(turns, context.rounds)
    assert_same_scores(our_scores(ours), read_scores(theirs, named), LIMIT)
    work = f"score SmolLM2-135M on {LIMIT} examples of {len(sets)} sets, {len(named)} tasks"
    return [Row(work, "s", seconds["ours"], "lm_eval's command line", "≥ 1", seconds["theirs"])]
