"""Render a table of examples: the first of each data set, its prompt and its answer."""

import argparse

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--set", nargs="+", required=True, metavar="SET/DOMAIN=FOLDER", help="test splits, in the order shown"
    )
    parser.add_argument("--label", default="tab:table1", metavar="NAME", help="LaTeX label (default: %(default)s)")
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .csv, .md, .tex")
    args = parser.parse_args()

    from generality.report.examples import render_examples

    sets = dict(text.split("=", 1) for text in args.set)
    render_examples(sets, args.output, anchor=args.label)


if __name__ == "__main__":
    run(main)
