"""Render the table of an experiment: every setting of every method on every data set."""

import argparse
import json

from generality.runtime.cli import run


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
    parser.add_argument(
        "--paper-table", type=int, metavar="N",
        help="show what the paper's Table N shows (4 to 11), with a note on what it prints otherwise than this study",
    )  # fmt: skip
    parser.add_argument("--groups", nargs="+", metavar="GROUP", help="groups shown, in this order (default: all)")
    parser.add_argument(
        "--metrics", nargs="+", metavar="METRIC",
        help="metrics in a cell, such as acc acc_norm (default: the primary one of each data set)",
    )  # fmt: skip
    args = parser.parse_args()

    from generality.report.collect import read_table
    from generality.report.conventions import as_in_paper
    from generality.report.tables import render_table

    table = read_table(args.scores)
    shown = as_in_paper(args.paper_table, table) if args.paper_table else {}
    shown |= {key: value for key in ("groups", "metrics") if (value := getattr(args, key))}
    render_table(table, args.output, labels=args.labels, title=args.caption, anchor=args.label, **shown)


if __name__ == "__main__":
    run(main)
