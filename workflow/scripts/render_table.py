"""Render the table of an experiment: every setting of every method on every data set."""

import argparse
import json

from generality.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", required=True, metavar="CSV", help="tidy table of the experiment")
    parser.add_argument(
        "--output", nargs="+", required=True, metavar="FILE",
        help="files to write; the suffix gives the format: .csv (for programs), .md, .tex (booktabs)",
    )  # fmt: skip
    parser.add_argument(
        "--labels", type=json.loads, default={}, metavar="JSON", help='printed names of methods: {"wise": "WiSE-FT"}'
    )
    parser.add_argument("--caption", metavar="TEXT", help="first sentence of the caption; how to read it is added")
    parser.add_argument("--label", metavar="NAME", help="LaTeX label (default: tab:<experiment>)")
    args = parser.parse_args()

    from generality.report.collect import read_table
    from generality.report.tables import render_table

    render_table(read_table(args.scores), args.output, labels=args.labels, title=args.caption, anchor=args.label)


if __name__ == "__main__":
    run(main)
