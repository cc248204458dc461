"""Plot how much of each data set is forgotten against its distance from the one fine-tuned on."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", required=True, metavar="CSV", help="tidy table of the experiment")
    parser.add_argument(
        "--distances", nargs="+", required=True, metavar="CSV",
        help="columns data and distance (from the data set fine-tuned on), a file per seed; they are averaged",
    )  # fmt: skip
    parser.add_argument(
        "--style", required=True, type=json.loads, metavar="JSON",
        help='look of each method, of which the label is used: {"full": {"label": "Full fine-tuning"}}',
    )  # fmt: skip
    parser.add_argument("--method", default="full", help="method whose change is shown (default: %(default)s)")
    parser.add_argument("--groups", nargs="+", metavar="GROUP", help="groups drawn (default: all of the generality)")
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .pdf, .png, .svg")
    parser.add_argument("--data", required=True, metavar="CSV", help="where what is drawn goes as a table")
    args = parser.parse_args()

    from generality.report.collect import read_table, write_table
    from generality.report.distance import drawn_changes, plot_distance, read_distances

    table, distances = read_table(args.scores), read_distances(args.distances)
    plot_distance(table, distances, args.style, args.output, method=args.method, groups=args.groups)
    write_table(drawn_changes(table, distances, args.method, args.groups), args.data)


if __name__ == "__main__":
    run(main)
