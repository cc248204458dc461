"""Measure how fast the paper's models are fine-tuned and in how much memory, with random weights and data."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=f"{__doc__} Nothing is downloaded. BENCHMARKS.md says what is measured, and how."
    )
    parser.add_argument(
        "--settings", type=json.loads, metavar="JSON", help="in place of SETTINGS in generality/speed/settings.py"
    )
    parser.add_argument("--models", nargs="+", metavar="NAME", help="of galactica-1.3b, vit-b-16 (default: both)")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="of full, l1, l2, kd, lora (default: all)")
    parser.add_argument(
        "--compile", nargs="+", choices=["off", "on"], help="without torch.compile, with it, or both (the default)"
    )
    parser.add_argument("--precision", choices=["bfloat16", "float32"], help="of the products (default: bfloat16)")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often all methods have their turn (default: 2)")
    parser.add_argument("--windows", type=int, metavar="N", help="timed in each turn (default: 3)")
    parser.add_argument(
        "--tiny", dest="tiny_models", action="store_true",
        help="tiny models, to try the command on a CPU in seconds; the speeds say nothing",
    )  # fmt: skip
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .json, .md")
    options = vars(parser.parse_args())

    from generality.speed.run import bench

    modes = options.pop("compile")
    bench(options.pop("output"), options.pop("settings"), compile=modes and [mode == "on" for mode in modes], **options)


if __name__ == "__main__":
    run(main)
