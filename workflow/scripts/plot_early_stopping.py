"""Plot speciality against generality on the way of full fine-tuning, at several learning rates and warm-ups."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--scores", required=True, metavar="CSV", help="tidy table, a fine-tuning being a method and a step its setting"
    )
    parser.add_argument(
        "--tunings", required=True, type=json.loads, metavar="JSON",
        help='the fine-tunings, the usual one first: {"lr-0.0008-warmup-0": {"lr": 8e-4, "warmup": 0}}',
    )  # fmt: skip
    parser.add_argument(
        "--style", required=True, type=json.loads, metavar="JSON",
        help='look of the other methods: {"wise": {"label": "WiSE-FT", "color": "#56B4E9", "marker": "o"}}',
    )  # fmt: skip
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .pdf, .png, .svg")
    parser.add_argument("--data", required=True, metavar="CSV", help="where what is drawn goes as a table")
    args = parser.parse_args()

    from generality.report.collect import read_table, write_table
    from generality.report.early_stopping import drawn_steps, plot_early_stopping

    table = read_table(args.scores)
    plot_early_stopping(table, args.tunings, args.style, args.output)
    write_table(drawn_steps(table, args.tunings), args.data)


if __name__ == "__main__":
    run(main)
