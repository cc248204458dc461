"""Score one language model on all sets of the embedded study: by the stage's script, against lm-evaluation-harness.

Both are whole processes on the same model folder, examples, prompts and batch size, in float32 on one thread of a CPU,
including the imports, which a job of a study pays too. The harness's command line builds the same tasks from files;
from the first, uncounted turn on, its data are in the cache of `datasets`.
"""

import subprocess
import sys
from pathlib import Path

from transformers import AutoTokenizer

from benchmarks.harness import BATCH, assert_same_scores, our_scores, read_scores, score, write_tasks
from benchmarks.pairs import Context, Row, alternate
from benchmarks.prepared import Sets, evaluation_sets, language_models, study
from generality.data.text_set import open_text_set
from workflows import ROOT

EXPERIMENT = "medmcqa"


def rows(context: Context) -> list[Row]:
    _, model = language_models(context.folder, context.tiny)
    sets = evaluation_sets(context.folder, EXPERIMENT)
    limit = 4 if context.tiny else None
    took, tasks, examples = seconds(context, model, sets, study().generate(EXPERIMENT), limit)
    work = f"score one model on the embedded study's {tasks} language tasks, {examples:,} examples"
    return [Row(work, "s", took["ours"], "lm_eval's command line", "≥ 2", took["theirs"])]


def seconds(
    context: Context, model: Path, sets: Sets, generate: list[str], limit: int | None, batch: int = BATCH
) -> tuple[dict[str, list], int, int]:
    """Return the seconds of both sides, and the numbers of tasks and examples; the harness takes `batch` at a time."""
    ours, theirs, tasks = (context.folder / name for name in ("ours.parquet", "theirs.json", "tasks"))
    named = write_tasks(tasks, sets, generate, AutoTokenizer.from_pretrained(model), limit)
    turns = {
        "ours": lambda: score_by_stage(ours, sets, generate, limit, "--model", model),
        "theirs": lambda: score(context.peers, model, tasks, named, theirs, batch),
    }
    took = alternate(turns, context.rounds)
    examples = [len(open_text_set(folder).part(limit)) for folder in sets.values()]
    assert_same_scores(our_scores(ours), read_scores(theirs, named), min(examples))
    return took, len(named), sum(examples)


def score_by_stage(output: Path, sets: Sets, generate: list[str], limit: int | None, *models: object) -> None:
    """Run the language track's stage of scoring as its rule does."""
    command = [
        sys.executable, ROOT / "workflow/scripts/score_lm.py", *models, "--sets", *study().set_arguments(sets),
        "--generate", *generate, "--method", "m", "--seed", 1, *(["--limit", limit] if limit else []),
        "--output", output,
    ]  # fmt: skip
    subprocess.run(list(map(str, command)), check=True, stderr=subprocess.DEVNULL)
