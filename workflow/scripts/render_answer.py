"""Render the numbers of the report's answer: each method's change against the pre-trained and the full model."""

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
    parser.add_argument("--output", required=True, metavar="CSV", help="file to write")
    args = parser.parse_args()

    from generality.report.answer import render_answer
    from generality.report.resampled import Resampled

    render_answer((Resampled.read(**settings) for settings in args.experiments), args.output)


if __name__ == "__main__":
    run(main)
