"""The benchmark, from settings to rows of numbers and a page."""

import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import torch

from generality.errors import StudyError
from generality.report.provenance import machine, revision
from generality.runtime.device import device
from generality.runtime.imports import WORKFLOW
from generality.runtime.versions import versions
from generality.speed.flops import mfu, peak_flops
from generality.speed.measure import Measured, measure
from generality.speed.settings import SETTINGS, narrowed, tiny
from generality.storage.files import write_json, write_text

PACKAGES = ("torch", "triton", "transformers", "peft", "open_clip_torch", "timm")
HEADER = ("model", "compile", "method", "speed", "lowest … highest", "time over full", "MFU", "with teacher", "memory")
FORMULA = "MFU is units/s · FLOPs per unit / peak FLOP/s. Attention counts whole, causal or not; padding never counts."


def bench(
    outputs: Sequence[str | Path], settings: dict | None = None, *, tiny_models: bool = False, **narrower
) -> None:
    """Measure `settings` (default SETTINGS), narrowed by `settings.narrowed`, and write the outputs (.json, .md).

    Print each turn to standard error as it ends. Before measuring, raise StudyError for an unknown model, method or
    suffix, and for models of full size without a GPU.
    """
    outputs = list(map(Path, outputs))
    for output in outputs:
        if output.suffix not in (".json", ".md"):
            raise StudyError(f"{output}: benchmarks are written as .json or .md; change the suffix")
    settings = narrowed(settings or SETTINGS, **narrower)
    if tiny_models:
        settings = tiny(settings)
    if device().type == "cpu" and not tiny_models:
        raise StudyError("no GPU is here, and models of full size want one; --tiny tries the command on a CPU")
    content = result(settings, measure(settings, lambda line: print(line, file=sys.stderr, flush=True)))
    for output in outputs:
        write_json(output, content) if output.suffix == ".json" else write_text(output, page(content))
    print(page(content), file=sys.stderr)


def rows(measured: Sequence[Measured], peaks: dict[str, float | None]) -> list[dict]:
    """Return one row of numbers for each method; `peaks` are FLOP/s by model.

    per_s is the median over windows, in units (`unit`) per second. over_full is the median over windows of the method's
    time as a multiple of full fine-tuning's time in the same window of the same round; None if full fine-tuning was not
    measured. Each range is lowest and highest. `flops` explains MFU. peak_gb and held_gb are in 10^9 bytes.
    """
    full = {(one.model, one.compiled): one.seconds for one in measured if one.method == "full"}
    table = []
    for one in measured:
        speeds = [one.work / seconds for seconds in one.seconds]
        base = full.get((one.model, one.compiled))
        ratios = [time / full_time for time, full_time in zip(one.seconds, base, strict=True)] if base else []
        training, teacher = one.forward.training(one.method), one.forward.teacher(one.method)
        speed, peak = median(speeds), peaks[one.model]
        table.append(
            {
                "model": one.model, "method": one.method, "compile": one.compiled, "unit": one.unit,
                "units_per_window": one.work, "window_s": one.seconds,
                "per_s": speed, "per_s_range": [min(speeds), max(speeds)],
                "over_full": median(ratios) if ratios else None,
                "over_full_range": [min(ratios), max(ratios)] if ratios else None,
                "flops_per_unit": training, "teacher_flops_per_unit": teacher,
                "mfu": mfu(speed, training, peak),
                "mfu_with_teacher": mfu(speed, training + teacher, peak) if teacher else None,
                "peak_gb": one.peak / 1e9, "held_gb": one.held / 1e9,
            }
        )  # fmt: skip
    return table


def result(settings: dict, measured: Sequence[Measured]) -> dict:
    """Return the record of a benchmark: machine, versions, settings, rows. It names no user, host or path."""
    where = device()
    on_gpu = where.type == "cuda"
    name = torch.cuda.get_device_name(where) if on_gpu else "CPU"
    peaks = {key: peak_flops(name, model["train"]["precision"]) for key, model in settings["models"].items()}
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": name,
        "device_gb": torch.cuda.get_device_properties(where).total_memory / 1e9 if on_gpu else None,
        "peak_flops": peaks,
        "machine": machine(),
        "python": platform.python_version(),
        "packages": versions(PACKAGES),
        "revision": revision(WORKFLOW),
        "settings": settings,
        "rows": rows(measured, peaks),
    }


def page(content: dict) -> str:
    """Return a result in Markdown: the machine, the settings, the table."""
    cpu, memory = content["machine"], content["device_gb"]
    versions = ", ".join(f"{name} {version}" for name, version in content["packages"].items())
    commit = content["revision"]["commit"]
    lines = [
        f"Measured {content['measured'][:10]} on {content['device']}" + (f" ({memory:.0f} GB)" if memory else "")
        + f", {cpu['cores']} cores of {cpu['cpu']}; Python {content['python']}, {versions}; revision "
        + (f"{commit[:12]}{', with changes' if content['revision']['dirty'] else ''}" if commit else "unknown") + ".",
        "",
    ]  # fmt: skip
    for name, model in content["settings"]["models"].items():
        first = next(row for row in content["rows"] if row["model"] == name)
        train, peak = model["train"], content["peak_flops"][name]
        size = f" of {train['block_size']} tokens" if "block_size" in train else ""
        lines.append(
            f"- {name}: batches of {train['batch_size']}{size}, {train['micro_batch']} in a pass, {train['precision']},"
            f" windows: {len(first['window_s'])} of {model['window_steps']} steps; {_plain(content, name)}; peak "
            + (f"{peak / 1e12:.1f} TFLOP/s" if peak else "unknown, so no MFU")
        )
    lines += ["", FORMULA, "Memory is the peak of " + (
        "all tensors on the GPU." if memory else "the whole process so far, not of a single method."
    ), "", "| " + " | ".join(HEADER) + " |", "|---|---|---|" + "---:|" * 6]  # fmt: skip
    lines += ["| " + " | ".join(cells(row)) + " |" for row in content["rows"]]
    return "\n".join([*lines, ""])


def cells(row: dict) -> list[str]:
    """Return the cells of a row as text."""
    low, high = row["per_s_range"]
    over = "–"
    if row["over_full"] is not None and row["method"] != "full":
        over = " … ".join(f"{100 * (ratio - 1):+.1f}" for ratio in row["over_full_range"])
        over = f"{100 * (row['over_full'] - 1):+.1f} % ({over})"
    shares = ["–" if row[key] is None else f"{100 * row[key]:.1f} %" for key in ("mfu", "mfu_with_teacher")]
    return [
        row["model"], "on" if row["compile"] else "off", row["method"], f"{row['per_s']:,.0f} {row['unit']}/s",
        f"{low:,.0f} … {high:,.0f}", over.replace("-", "−"), *shares, f"{row['peak_gb']:.1f} GB",
    ]  # fmt: skip


def _plain(content: dict, model: str) -> str:
    """Return the FLOPs of training per unit, each amount with the methods that take it."""
    amounts = {}
    for row in content["rows"]:
        if row["model"] == model:
            methods = amounts.setdefault(f"{row['flops_per_unit'] / 1e9:.3g} GFLOP per {row['unit'][:-1]}", [])
            methods += [row["method"]] if row["method"] not in methods else []
    return ", ".join(f"{amount} ({', '.join(methods)})" for amount, methods in amounts.items())
