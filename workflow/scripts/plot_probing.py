"""Plot the accuracy of the running classifier and the probing accuracy along fine-tuning, a panel per data set."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--probing", nargs="+", required=True, metavar="PARQUET", help="what probe_clip.py wrote, a file per seed"
    )
    parser.add_argument(
        "--style", required=True, type=json.loads, metavar="JSON",
        help='look of each method, of which that of full is used: {"full": {"color": "#D55E00"}}',
    )  # fmt: skip
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .pdf, .png, .svg")
    parser.add_argument("--data", required=True, metavar="CSV", help="where what is drawn goes as a table")
    args = parser.parse_args()

    from generality.report.collect import write_table
    from generality.report.probing import curves, plot_probing

    table = curves(args.probing)
    plot_probing(table, args.style, args.output)
    write_table(table, args.data)


if __name__ == "__main__":
    run(main)
