"""Measure speed and memory of fine-tuning the paper's models, with random weights and data.

Nothing is downloaded. BENCHMARKS.md explains what is measured and how.
"""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--settings", type=json.loads, metavar="JSON", help="replaces SETTINGS in generality/speed/settings.py"
    )
    parser.add_argument("--models", nargs="+", metavar="NAME", help="galactica-1.3b, vit-b-16 (default: both)")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="full, l1, l2, kd, lora (default: all)")
    parser.add_argument(
        "--compile", nargs="+", choices=["off", "on"], help="without torch.compile, with it, or both (the default)"
    )
    parser.add_argument(
        "--precision", choices=["bfloat16", "float32"], help="precision of products (default: bfloat16)"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="turns of each method (default: 2)")
    parser.add_argument("--windows", type=int, metavar="N", help="timed windows per turn (default: 3)")
    parser.add_argument(
        "--tiny", dest="tiny_models", action="store_true",
        help="use tiny models, to try the command on a CPU in seconds; the speeds mean nothing",
    )  # fmt: skip
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .json, .md")
    options = vars(parser.parse_args())

    from generality.speed.table import bench

    modes = options.pop("compile")
    bench(options.pop("output"), options.pop("settings"), compile=modes and [mode == "on" for mode in modes], **options)


if __name__ == "__main__":
    run(main)
