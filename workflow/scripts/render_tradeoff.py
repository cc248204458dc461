"""Render the trade-offs of experiments as numbers: hypervolume, generality at matched speciality, chosen settings."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--experiments", required=True, type=json.loads, metavar="JSON",
        help="JSON, a list: of each experiment scores (score files), table (tidy table), experiment (its name), "
        "speciality (data set fine-tuned on), generality (the others by group)",
    )  # fmt: skip
    parser.add_argument(
        "--labels", type=json.loads, default={}, metavar="JSON", help='printed names of methods: {"wise": "WiSE-FT"}'
    )
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .csv, .md")
    args = parser.parse_args()

    from generality.report.resampled import Resampled
    from generality.report.tradeoff_numbers import render_tradeoffs

    render_tradeoffs([Resampled(**settings) for settings in args.experiments], args.output, args.labels)


if __name__ == "__main__":
    run(main)
