"""Compare training and scoring of a real model, SmolLM2-135M, with transformers' Trainer and lm_eval's command line.

The study workflow/studies/smollm2.yaml has the model and the data, and `snakemake` has to have made both. They are not
part of the project, so this bench runs only when it is named. Training is that of `language_steps` at the study's own
block, batch and precision; scoring that of `tasks`, on `LIMIT` examples of each set.
"""

import sys
from pathlib import Path

import numpy as np

from benchmarks import language_steps, tasks
from benchmarks.language_steps import agree
from benchmarks.pairs import Context, Row
from benchmarks.prepared import Sets
from benchmarks.trainings import CPU, SEED, ms
from generality.config.study_file import load
from generality.data.text_set import open_text_set
from generality.language.blocks import pack, tokenize
from generality.language.causal_lm import load_causal_lm
from generality.language.objective import NextToken
from generality.plan.study import Study
from generality.storage.seed import RELEASED
from generality.training.loop import order
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
    objective = NextToken(blocks, unit="blocks", pad=tokenizer.pad_token_id, device=CPU, precision=train["precision"])
    agree(model, objective, train, context.folder, ROUNDING)
    took = language_steps.seconds(context, model, objective, train, STEPS)
    learnt = np.mean([text.learnt.mean() for text in objective.texts])
    work = f"SmolLM2-135M: a step of {train['batch_size'] * train['block_size']:,} tokens in {train['precision']}"
    return [
        Row(f"{work}, {learnt:.0%} learnt", "ms", ms(took["ours"]), "transformers' Trainer", "≥ 1", ms(took["theirs"]))
    ]


def _scoring(context: Context, study: Study, model: Path, sets: Sets) -> list[Row]:
    # The project's own extraction rules are no part of the harness, so answers are read by the plain one.
    generate = [name.partition(":")[0] for name in study.generate(EXPERIMENT)]
    took, count, _ = tasks.seconds(context, model, sets, generate, LIMIT, BATCH)
    work = f"score SmolLM2-135M on {LIMIT} examples of {len(sets)} sets, {count} tasks"
    return [Row(work, "s", took["ours"], "lm_eval's command line", "≥ 1", took["theirs"])]
