"""Test scores in the layout of lm-evaluation-harness's results, for the programs that read those."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from generality.report.metrics import METRICS
from generality.report.scores import EXAMPLE, MODEL
from generality.report.stored import columns_of, read_parquet
from generality.storage.files import whole_folder, write_json

NAME = "generality"  # stands where the harness has a date, so that the same scores are the same files
FILTER = "none"  # the harness's word for answers as they are


def write_layout(folder: str | Path, scores: str | Path) -> None:
    """Write a folder for each model in a file of all score rows, as `lm_eval --output_path … --log_samples` does.

    It is <folder>/<method>__<setting>__<seed>/ with results_generality.json and a samples_<set>_generality.jsonl for
    each data set, of test examples alone. A standard error is the harness's: the sample standard deviation over the
    square root of the number of examples, without clusters and without trainings.
    """
    metrics = [name for name in METRICS if name in columns_of(scores)]
    rows = read_parquet(scores, [*MODEL, *EXAMPLE, *metrics], filters=[("split", "==", "test")])
    with whole_folder(folder) as partial:
        for model, of_model in rows.groupby(MODEL, observed=True, sort=False):
            inner = partial / "__".join(map(str, model))
            inner.mkdir()
            tasks = {str(name): of_task for name, of_task in of_model.groupby("data", observed=True, sort=False)}
            write_json(inner / f"results_{NAME}.json", _results(tasks, metrics, inner.name))
            for name, of_task in tasks.items():
                file = inner / f"samples_{name.replace('/', '_')}_{NAME}.jsonl"
                file.write_text("".join(f"{json.dumps(one)}\n" for one in _samples(of_task, metrics)), encoding="utf-8")


def _results(tasks: Mapping[str, pd.DataFrame], metrics: list[str], model: str) -> dict:
    results, better = {}, {}
    for name, rows in tasks.items():
        there = [metric for metric in metrics if rows[metric].notna().all()]
        better[name] = {metric: METRICS[metric].higher_is_better for metric in there}
        results[name] = {"alias": name, "sample_len": len(rows)}
        for metric in there:
            values = rows[metric].to_numpy(float)
            error = float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else "N/A"
            results[name] |= {f"{metric},{FILTER}": float(values.mean()), f"{metric}_stderr,{FILTER}": error}
    counts = {name: {"original": len(rows), "effective": len(rows)} for name, rows in tasks.items()}
    return {
        "results": results, "group_subtasks": {}, "configs": {name: {"task": name} for name in tasks},
        "versions": dict.fromkeys(tasks, 0), "n-shot": dict.fromkeys(tasks, 0), "higher_is_better": better,
        "n-samples": counts, "model_name": model, "model_source": NAME,
    }  # fmt: skip


def _samples(rows: pd.DataFrame, metrics: list[str]) -> list[dict]:
    there = [metric for metric in metrics if rows[metric].notna().all()]
    return [
        {"doc_id": place, "doc": {"id": row["example"]}, "filter": FILTER, "metrics": there}
        | {metric: float(row[metric]) for metric in there}
        for place, row in enumerate(rows.to_dict("records"))
    ]
