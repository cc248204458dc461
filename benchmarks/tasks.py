"""Score one language model on all sets of the embedded study: by the stage's script, against lm-evaluation-harness.

Both are whole processes on the same model folder, examples, prompts and batch size, in float32 on one thread of a CPU,
including the imports, which a job of a study pays too. The harness's command line builds the same tasks from files;
from the first, uncounted turn on, its data are in the cache of `datasets`.
"""

import subprocess
import sys
from pathlib import Path

from transformers import AutoTokenizer

from benchmarks.harness import assert_same_scores, our_scores, read_scores, score, write_tasks
from benchmarks.pairs import Context, Row, alternate
from benchmarks.prepared import Sets, evaluation_sets, language_models, study
from generality.data.text_set import open_text_set
from workflows import ROOT

EXPERIMENT = "medmcqa"


def rows(context: Context) -> list[Row]:
    _, model = language_models(context.folder, context.tiny)
    sets = evaluation_sets(context.folder, EXPERIMENT)
    limit = 4 if context.tiny else None
    generate, ours, theirs = (
        study().generate(EXPERIMENT),
        context.folder / "ours.parquet",
        context.folder / "theirs.json",
    )
    tasks = context.folder / "tasks"
    named = write_tasks(tasks, sets, generate, AutoTokenizer.from_pretrained(model), limit)
    turns = {
        "ours": lambda: score_by_stage(ours, sets, generate, limit, "--model", model),
        "theirs": lambda: score(context.peers, model, tasks, named, theirs),
    }
    seconds = alternate(turns, context.rounds)
    examples = [len(open_text_set(folder).part(limit)) for folder in sets.values()]
    assert_same_scores(our_scores(ours), read_scores(theirs, named), min(examples))
    work = f"score one model on the embedded study's {len(named)} language tasks, {sum(examples):,} examples"
    return [Row(work, "s", seconds["ours"], "lm_eval's command line", "≥ 2", seconds["theirs"])]


def score_by_stage(output: Path, sets: Sets, generate: list[str], limit: int | None, *models: object) -> None:
    """Run the language track's stage of scoring as its rule does."""
    command = [
        sys.executable, ROOT / "workflow/scripts/score_lm.py", *models, "--sets", *study().set_arguments(sets),
        "--generate", *generate, "--method", "m", "--seed", 1, *(["--limit", limit] if limit else []),
        "--output", output,
    ]  # fmt: skip
    subprocess.run(list(map(str, command)), check=True, stderr=subprocess.DEVNULL)
