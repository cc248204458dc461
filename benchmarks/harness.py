"""Run the peer of the benches that score texts: lm-evaluation-harness's command line, on the same texts and prompts.

For metrics that the harness lacks, a file beside the task files has the project's own functions.
"""

import inspect
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import yaml

from benchmarks.prepared import Sets
from generality.data.text_set import DELIMITER, TextSet, open_text_set
from generality.language import extraction, tasks
from generality.language.answers import ROOM, check_answers
from generality.language.encoding import Encoder
from generality.language.extraction import STOP
from generality.language.outputs import UNLIMITED
from generality.language.tasks import TASK_METRICS, kinds

BATCH = 64  # texts in one pass of the harness, of a tiny model
FUNCTIONS = (tasks._generated, tasks._response, tasks._likelihood)
HEADER = f"from collections.abc import Mapping\n\nDELIMITER = {DELIMITER!r}\n\n\n"
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


def write_tasks(folder: Path, sets: Sets, generate: Sequence[str], tokenizer, limit: int | None) -> dict[str, str]:
    """Write text sets as task files of the harness; return "set/domain:split" by the names of the tasks."""
    folder.mkdir()
    (folder / "own.py").write_text(
        inspect.getsource(extraction) + HEADER + "\n\n".join(map(inspect.getsource, FUNCTIONS)), encoding="utf-8"
    )
    named = {}
    for (data, split), path in sets.items():
        texts = open_text_set(path).part(limit)
        examples = folder / f"{data.replace('/', '-')}-{split}.jsonl"
        lines = [json.dumps(example, ensure_ascii=False) + "\n" for example in texts.examples]
        examples.write_text("".join(lines), encoding="utf-8")
        for kind in kinds(texts, data in generate):
            name = f"{examples.stem}-{kind}"
            settings = {"task": name, "dataset_kwargs": {"data_files": {"test": str(examples)}}}
            (folder / f"{name}.yaml").write_text(_task(settings, kind, texts, tokenizer), encoding="utf-8")
            named[name] = f"{data}:{split}"
    return named


def _task(settings: dict, kind: str, texts: TextSet, tokenizer) -> str:
    settings |= {"dataset_path": "json", "test_split": "test", "doc_to_text": "prompt", "doc_to_target": "answer"}
    functions = {}
    if kind == "choose":
        settings |= {"output_type": "multiple_choice", "doc_to_choice": "choices", "target_delimiter": DELIMITER}
    elif kind == "generate":
        most, _ = check_answers(settings["task"], texts, Encoder(tokenizer).pairs, UNLIMITED)
        settings |= {
            "output_type": "generate_until",
            "generation_kwargs": {"until": [STOP], "max_gen_toks": most + ROOM, "do_sample": False},
        }
        functions = {"process_results": "_generated"}
    else:
        settings |= {"output_type": "loglikelihood"}
        del settings["doc_to_target"]
        functions = {"doc_to_target": "_response", "process_results": "_likelihood"}
    settings["metric_list"] = [
        {"metric": metric, "aggregation": "mean", "higher_is_better": better}
        for metric, better in TASK_METRICS[kind].items()
    ]
    # The harness has a YAML tag of its own, which no writer knows.
    tagged = "".join(f"{key}: !function own.{name}\n" for key, name in functions.items())
    return yaml.safe_dump(settings, allow_unicode=True) + tagged


def score(
    python: Path, model: Path, tasks_folder: Path, named: dict[str, str], output: Path, batch: int = BATCH
) -> None:
    """Score a model folder by the command line of the harness, `batch` texts in one pass."""
    command = [
        python, "-m", "lm_eval", "run", "--model", "hf", "--model_args", f"pretrained={model},dtype=float32",
        "--tasks", ",".join(named), "--include_path", tasks_folder, "--batch_size", batch, "--device", "cpu",
        "--output_path", output,
    ]  # fmt: skip
    apart = {"HF_HOME": str(tasks_folder / "cache"), "PYTHONPATH": ""}
    done = subprocess.run(list(map(str, command)), env=os.environ | OFFLINE | apart, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"lm_eval failed:\n{done.stderr[-3000:]}")


def read_scores(output: Path, named: dict[str, str]) -> pd.DataFrame:
    """Return the means of all metrics, a row for each "set/domain:split", from the last of the result files."""
    results = json.loads(max(output.parent.rglob(f"{output.stem}*.json")).read_text(encoding="utf-8"))["results"]
    table: dict[str, dict[str, float]] = {}
    for name, data in named.items():
        values = {key.removesuffix(",none"): value for key, value in results[name].items() if key.endswith(",none")}
        means = {key: value for key, value in values.items() if not key.endswith("_stderr")}
        table.setdefault(data, {}).update(means)
    return pd.DataFrame.from_dict(table, orient="index")


def our_scores(output: Path, setting: str = "default") -> pd.DataFrame:
    """Return the same table for one setting of the project's file of scores, which has a row for each example."""
    rows = pd.read_parquet(output)
    rows = rows[rows["setting"] == setting]
    names = rows["data"].astype(str) + ":" + rows["split"].astype(str)
    metrics = [metric for kind in TASK_METRICS.values() for metric in kind if metric in rows]
    return rows[metrics].astype(float).groupby(names, sort=False).mean()


def assert_same_scores(ours: pd.DataFrame, theirs: pd.DataFrame, examples: int) -> None:
    """Raise AssertionError unless scores agree up to float32 rounding, which may flip one example of a set."""
    assert set(ours.index) == set(theirs.index), "not the same sets"
    assert set(ours) == set(theirs), "not the same metrics"
    theirs = theirs.loc[ours.index, list(ours)]
    assert (ours.isna() == theirs.isna()).all(axis=None), "not the same metrics of the same sets"
    apart = (ours - theirs).abs()
    assert not (apart.get("nll", pd.Series(0.0)) > 1e-4 * theirs.get("nll", pd.Series(0.0))).any(), apart
    assert not (apart.drop(columns="nll", errors="ignore") > 1 / examples + 1e-9).any(axis=None), apart
