"""Plot speciality against generality, for every setting of every method: a panel per experiment and group."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--panel", nargs="+", required=True, metavar="CSV",
        help="tidy tables of the experiments, left to right; each gives a panel per generality group",
    )  # fmt: skip
    parser.add_argument(
        "--style", required=True, type=json.loads, metavar="JSON",
        help='look of each method: {"wise": {"label": "WiSE-FT", "color": "#56B4E9", "marker": "o"}}',
    )  # fmt: skip
    parser.add_argument("--groups", nargs="+", metavar="GROUP", help="groups drawn (default: all of the generality)")
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .pdf, .png, .svg")
    parser.add_argument("--data", required=True, metavar="CSV", help="where what is drawn goes as a table")
    args = parser.parse_args()

    from generality.report.collect import read_table, write_table
    from generality.report.tradeoff import drawn_points, panels, plot_tradeoff

    drawn = [panel for path in args.panel for panel in panels(read_table(path), args.groups)]
    plot_tradeoff(drawn, args.style, args.output)
    write_table(drawn_points(drawn), args.data)


if __name__ == "__main__":
    run(main)
