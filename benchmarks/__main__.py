"""Compare the project's speed with other programs on the same work, and write one table.

Turns alternate, and medians count. The peers have an environment of their own (envs/peers.lock), which `make bench`
creates.
"""

import argparse
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from statistics import median

from benchmarks.pairs import Context, Row
from generality.report.provenance import machine, revision
from generality.runtime.versions import versions
from generality.storage.files import whole_file, write_json

# Modules with `rows(context)`, in the order of the table.
BENCHES = (
    "penalties", "distillation", "later_methods", "language_steps", "sweep", "interpolation", "tasks", "probe",
    "image_folder", "worlds", "dry_runs", "growth", "embedded",
)  # fmt: skip
BY_NAME = ("real_model",)  # needs files that are not part of the project
PACKAGES = ("torch", "transformers", "open_clip_torch", "lm_eval", "snakemake")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    names = (*BENCHES, *BY_NAME)
    parser.add_argument("--only", nargs="+", choices=names, default=BENCHES, metavar="NAME", help=", ".join(names))
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin/python"), help="python that has the peers")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side that count (default: 5)")
    parser.add_argument("--tiny", action="store_true", help="try the command in little time; the figures say nothing")
    parser.add_argument("--output", type=Path, nargs="+", default=[], metavar="FILE", help="files to write: .json, .md")
    args = parser.parse_args()
    if not args.peers.exists():
        sys.exit(f"error: {args.peers}: no such file; `make bench` makes this environment")
    rows: list[Row] = []
    for name in args.only:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
            new = import_module(f"benchmarks.{name}").rows(Context(Path(folder), args.peers, args.rounds, args.tiny))
        rows += new
        print(f"{name} ({time.monotonic() - begun:.0f} s)\n{table(new)}", file=sys.stderr, flush=True)
        write(rows, args)
    print(table(rows))


def write(rows: list[Row], args: argparse.Namespace) -> None:
    """Write all rows so far, in case the run is cut off."""
    content = {
        "machine": machine(),
        "revision": revision(Path(__file__).parent),
        "versions": versions(PACKAGES),
        "rounds": args.rounds,
    }
    content["rows"] = [vars(row) | {"figures": row.figures, "met": row.met} for row in rows]
    for output in args.output:
        if output.suffix == ".json":
            write_json(output, content)
        else:
            with whole_file(output) as partial:
                partial.write_text(f"{table(rows)}\n", encoding="utf-8")


def table(rows: list[Row]) -> str:
    """Return a Markdown table of medians; the figure that is held to the target has its lowest and highest too."""
    lines = ["| work | ours | beside it | figure (lowest … highest) | target | |", "|---|---|---|---|---|---|"]
    for row in rows:
        figures = sorted(row.figures)
        spread = f"{number(median(figures))} ({number(figures[0])} … {number(figures[-1])})"
        beside = f"{row.peer}: {number(median(row.against))} {row.unit}" if row.against else row.peer
        ours = f"{number(median(row.values))} {row.unit}"
        met = "met" if row.met else "**missed**"
        lines.append(f"| {row.work} | {ours} | {beside} | {spread} | {row.target} | {met} |")
        lines += [f"| ↳ {row.note} | | | | | |"] if row.note else []
    return "\n".join(lines)


def number(value: float) -> str:
    """Return a number with three significant digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
