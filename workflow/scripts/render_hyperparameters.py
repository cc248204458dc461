"""Render a table of hyper-parameters as they ran: a column per experiment, the paper's beside it."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--recipes", type=json.loads, required=True, metavar="JSON",
        help='by experiment: {"model", "speciality", "train": {…}, "methods": {method: {"settings": […], "own": {…}}}}',
    )  # fmt: skip
    parser.add_argument("--log", nargs="+", required=True, metavar="CSV", help="training log of each experiment")
    parser.add_argument("--data", nargs="+", required=True, metavar="FOLDER", help="training split of each experiment")
    parser.add_argument("--labels", type=json.loads, default={}, metavar="JSON", help="printed names of methods")
    parser.add_argument("--label", default="tab:hyperparameters", metavar="NAME", help="LaTeX label")
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .csv, .md, .tex")
    args = parser.parse_args()

    from generality.data.image_set import MANIFEST
    from generality.report.hyperparameters import render_hyperparameters
    from generality.storage.files import read_json

    counts = [read_json(f"{folder}/{MANIFEST}")["count"] for folder in args.data]
    render_hyperparameters(args.recipes, args.log, counts, args.output, labels=args.labels, anchor=args.label)


if __name__ == "__main__":
    run(main)
