"""Score eleven weights of WiSE-FT: in the stage's script, one process for all, against one process for each weight.

The other side is common practice. For pictures, a plain script for each weight reads two files of torch, writes the
mixture, loads it and scores it. For texts, lm-evaluation-harness scores a mixed model folder for each weight from its
command line. All are whole processes on the same models and examples, in float32 on one thread of a CPU, and give the
same scores. Each weight is the same work for the other side, so only some are measured and the time is multiplied.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer

from benchmarks import mix_and_score, mix_folders
from benchmarks.harness import assert_same_scores, our_scores, read_scores, score, write_tasks
from benchmarks.pairs import Context, Row, Turn, alternate
from benchmarks.prepared import SEED, classifiers, evaluation_sets, language_models, study
from benchmarks.tasks import score_by_stage
from generality.data.image_set import new_image_set, open_image_set
from generality.storage.files import WEIGHTS
from generality.storage.setting import write
from workflows import ROOT

ALPHAS = tuple(number / 10 for number in range(11))
PICTURES = 300  # pictures of each of twelve sets: with all, a turn takes minutes
TEXTS = 50  # texts of each of ten sets, for the same reason


def rows(context: Context) -> list[Row]:
    return [vision(context), language(context)]


def vision(context: Context) -> Row:
    folder, count, alphas = context.folder / "vision", 16 if context.tiny else PICTURES, (0.3, 0.8)
    start, finetuned = classifiers(folder, context.tiny)
    complete = evaluation_sets(folder, "imagenet")
    sets = {key: _cut(path, folder / "cut" / "-".join(key).replace("/", "-"), count) for key, path in complete.items()}
    files = [folder / "start.pt", folder / "finetuned.pt"]
    for file, model in zip(files, (start, finetuned), strict=True):
        torch.save(load_file(model / WEIGHTS), file)
    output = folder / "scores.parquet"

    def ours() -> None:
        command = [
            sys.executable, ROOT / "workflow/scripts/score_clip.py", "--model", start, "--finetuned", finetuned,
            "--mix", "wise", "--values", *ALPHAS, "--sets", *study().set_arguments(sets), "--method", "wise",
            "--seed", SEED, "--output", output,
        ]  # fmt: skip
        _run(command)

    def theirs(alpha: float) -> None:
        script = [sys.executable, mix_and_score.__file__, *files, alpha, start, folder / "mixture.pt"]
        _run([*script, folder / f"{alpha}.json", *sets.values()])

    seconds = alternate({"ours": ours, "theirs": _times(theirs, alphas)}, context.rounds)
    scores = pd.read_parquet(output)
    for alpha in alphas:
        part = scores[scores["setting"] == write({"alpha": alpha})]
        means = part.groupby(["data", "split"], observed=True)["acc"].mean()
        peers = json.loads((folder / f"{alpha}.json").read_text())
        apart = [abs(means[key] - peers[str(path)]) for key, path in sets.items()]
        assert max(apart) <= 1 / count + 1e-9, f"accuracies differ at {alpha}: {apart}"
    work = f"score {len(ALPHAS)} weights of a CLIP on {len(sets)} sets of {count} pictures"
    peer = f"a plain script for each weight ({len(alphas)} measured)"
    return Row(work, "s", seconds["ours"], peer, "≥ 3", seconds["theirs"])


def language(context: Context) -> Row:
    folder, limit, alphas = context.folder / "language", 4 if context.tiny else TEXTS, (0.3,)
    start, finetuned = language_models(folder, context.tiny)
    sets = {key: path for key, path in evaluation_sets(folder, "medmcqa").items() if key[1] == "test"}
    generate, output, tasks = study().generate("medmcqa"), folder / "scores.parquet", folder / "tasks"
    named = write_tasks(tasks, sets, generate, AutoTokenizer.from_pretrained(start), limit)
    models = ["--model", start, "--finetuned", finetuned, "--mix", "wise", "--values", *ALPHAS]

    def theirs(alpha: float) -> None:
        _run([context.peers, mix_folders.__file__, start, finetuned, alpha, folder / "mixture"])
        score(context.peers, folder / "mixture", tasks, named, folder / f"{alpha}.json")

    turns = {
        "ours": lambda: score_by_stage(output, sets, generate, limit, *models),
        "theirs": _times(theirs, alphas),
    }
    seconds = alternate(turns, context.rounds)
    for alpha in alphas:
        ours = our_scores(output, write({"alpha": alpha}))
        assert_same_scores(ours, read_scores(folder / f"{alpha}.json", named), limit)
    work = f"score {len(ALPHAS)} weights of an OPT on {len(sets)} sets of {limit} texts, {len(named)} tasks"
    peer = f"a mixed folder and lm_eval's command line for each weight ({len(alphas)} measured)"
    return Row(work, "s", seconds["ours"], peer, "≥ 3", seconds["theirs"])


def _times(one, alphas: tuple[float, ...]) -> Turn:
    """Return a turn that measures some weights and returns the seconds of all."""

    def turn() -> float:
        begun = time.perf_counter()
        for alpha in alphas:
            one(alpha)
        return (time.perf_counter() - begun) * len(ALPHAS) / len(alphas)

    return turn


def _cut(path: Path, folder: Path, count: int) -> Path:
    """Write an evenly spread part of an image set as a set of its own, since a plain script knows no limit."""
    complete = open_image_set(path)
    part = complete.part(count)
    with new_image_set(
        folder, complete.manifest["size"], part.labels, part.ids, part.classes, complete.manifest["source"]
    ) as images:
        images[:] = part.images
    return folder


def _run(command: list) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[1]} failed:\n{done.stderr[-3000:]}")
