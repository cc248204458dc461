"""Collect the score files of an experiment into one, and into a tidy table: averages, standard errors, changes."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", nargs="+", required=True, metavar="FILE", help="score files of its models")
    parser.add_argument(
        "--settings", required=True, type=json.loads, metavar="JSON",
        help="JSON: experiment, speciality (data set fine-tuned on), generality (the others by group). Such as "
        '\'{"experiment": "imagenet", "speciality": "imagenet/in", "generality": {"ood": ["imagenet/v2"]}}\'',
    )  # fmt: skip
    parser.add_argument("--rows", required=True, metavar="PARQUET", help="where the rows of all score files go")
    parser.add_argument("--output", required=True, metavar="CSV", help="where the tidy table goes")
    args = parser.parse_args()

    from generality.report.collect import collect, write_table
    from generality.storage.score_file import join_scores

    join_scores(args.scores, args.rows)
    write_table(collect(args.scores, **args.settings), args.output)


if __name__ == "__main__":
    run(main)
