"""Write one interpolation of two large models, and compare with mergekit and with copying as many bytes.

Mergekit is compared as a whole process with our script, on the same two folders, in float32. Its linear merge has the
weights 1 − α and α, goes from safetensors to safetensors, and copies no tokenizer, as there is none. Our script also
waits until the file is on the disk. Copying is compared with the function alone: reading one model's file and copying
the other's moves the same bytes and waits for the disk in the same way. All sides read from the page cache.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import yaml
from safetensors import safe_open
from torch import nn
from transformers import OPTConfig, OPTForCausalLM

from benchmarks.pairs import Context, Row, Turn, alternate
from generality.methods import load
from generality.storage.files import WEIGHTS, flush
from generality.storage.mixtures import write_mixture
from workflows import ROOT

ALPHA = 0.3
# OPT-350M's width and depth with all else of OPT-1.3B: 356 million weights, 1.4 GB. The page cache must hold three such
# files.
SIZE = {
    "vocab_size": 50272, "hidden_size": 1024, "word_embed_proj_dim": 1024, "ffn_dim": 4096, "num_hidden_layers": 24,
    "num_attention_heads": 16,
}  # fmt: skip
TINY = SIZE | {"vocab_size": 1000, "hidden_size": 64, "word_embed_proj_dim": 64, "ffn_dim": 256, "num_hidden_layers": 2}
BUFFER = 2**20  # bytes that the copy reads at a time; no larger buffer was faster
# The limit of the peak memory: three times the largest tensor, and a fixed part for Python and torch.
LARGEST, MEGABYTES = 3, 300
# Run a script and print the largest resident memory of this process alone: the kernel's count for children would
# include their parent's memory at their start.
MEASURED = """
import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(peak.split()[1])
"""


def rows(context: Context) -> list[Row]:
    models = [context.folder / name for name in ("pretrained", "finetuned")]
    largest = max(_write_model(folder, seed, context.tiny) for seed, folder in enumerate(models))
    ours, theirs, copied = (context.folder / name for name in ("ours", "theirs", "copied"))
    script = [ROOT / "workflow/scripts/mix.py", "--output", ours, "--track", "vision", "--method", "wise"]
    script += ["--setting", f"alpha-{ALPHA}", "--pretrained", models[0], "--finetuned", models[1]]
    settings = context.folder / "merge.yaml"
    merged = [{"model": str(m), "parameters": {"weight": w}} for m, w in zip(models, (1 - ALPHA, ALPHA), strict=True)]
    settings.write_text(yaml.safe_dump({"merge_method": "linear", "dtype": "float32", "models": merged}))
    merge = [context.peers.parent / "mergekit-yaml", settings, theirs, "--no-copy-tokenizer", "--quiet"]
    peaks: list[float] = []

    def command() -> None:
        peaks.append(int(_run([sys.executable, "-c", MEASURED, *script])) / 1000)

    def function() -> None:
        write_mixture(ours, method=load("wise"), pretrained=models[0], finetuned=models[1], value=ALPHA)

    def copy() -> None:
        copied.mkdir()
        with open(models[0] / WEIGHTS, "rb", buffering=0) as file:
            while file.readinto(buffer):
                pass
        shutil.copyfile(models[1] / WEIGHTS, copied / WEIGHTS)
        flush(copied / WEIGHTS)

    buffer = bytearray(BUFFER)
    commands = {"ours": _into(ours, command), "mergekit": _into(theirs, lambda: _run(merge))}
    complete = alternate(commands, context.rounds)
    _assert_same(ours / WEIGHTS, theirs / WEIGHTS)
    alone = alternate({"ours": _into(ours, function), "copy": _into(copied, copy)}, context.rounds)
    size = (models[0] / WEIGHTS).stat().st_size / 1e9
    limit = LARGEST * largest / 1e6 + MEGABYTES
    return [
        Row(f"interpolate two models of {size:.1f} GB, the command", "s", complete["ours"], "mergekit-yaml", "≥ 1.5",
            complete["mergekit"], "ours is on the disk when the command ends; mergekit leaves that to the kernel"),
        Row("the same, the function alone", "s", alone["ours"], "reading one and copying the other", "≥ 0.8",
            alone["copy"]),
        Row("the same, peak memory of the command", "MB", peaks[-context.rounds :],
            f"three times the largest tensor ({largest / 1e6:.0f} MB) and {MEGABYTES} MB", f"≤ {limit:.0f}"),
    ]  # fmt: skip


def _into(folder: Path, write: Callable[[], object]) -> Turn:
    """Return a turn that writes a folder anew; deleting the older one and emptying the disk's queue do not count."""

    def turn() -> float:
        shutil.rmtree(folder, ignore_errors=True)
        os.sync()
        begun = time.perf_counter()
        write()
        return time.perf_counter() - begun

    return turn


def _write_model(folder: Path, seed: int, tiny: bool) -> int:
    """Write an OPT with random weights as transformers does; return the bytes of its largest tensor."""
    with torch.device("meta"):
        model = OPTForCausalLM(OPTConfig(**(TINY if tiny else SIZE)))
    model.to_empty(device="cpu").tie_weights()
    numbers = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -0.1, 0.1, generator=numbers)
    model.save_pretrained(folder, max_shard_size="100GB")
    return max(parameter.nbytes for parameter in model.parameters())


def _assert_same(ours: Path, theirs: Path) -> None:
    """Raise AssertionError unless both files agree up to rounding, since mergekit adds two products."""
    with safe_open(ours, framework="pt") as one, safe_open(theirs, framework="pt") as other:
        assert set(one.keys()) == set(other.keys()), "not the same entries"
        for name in one.keys():  # noqa: SIM118
            torch.testing.assert_close(one.get_tensor(name), other.get_tensor(name), rtol=1e-5, atol=1e-7)


def _run(command: list) -> str:
    offline = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(list(map(str, command)), env=offline, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stderr[-3000:]}")
    return done.stdout
