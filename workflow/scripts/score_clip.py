"""Score a classifier, or its mixtures with a fine-tuned one, on image sets: one row per picture."""

import argparse

from generality.runtime.cli import run, split_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="classifier folder")
    parser.add_argument("--finetuned", help="fine-tuned classifier folder to mix with")
    parser.add_argument("--mix", default="", metavar="METHOD", help="post-hoc method that mixes the two")
    parser.add_argument("--values", nargs="*", default=[], type=float, help="values of the method's grid to score")
    parser.add_argument("--sets", nargs="+", required=True, type=split_folder, help="data:split=image-set folder")
    parser.add_argument("--method", required=True, help="method to write into the rows")
    parser.add_argument("--setting", default="default", help="setting of the scored or the fine-tuned model")
    parser.add_argument("--seed", required=True, type=int, help="seed to write into the rows")
    parser.add_argument("--limit", type=int, metavar="N", help="score at most N examples of each set, evenly spread")
    parser.add_argument("--output", required=True, help="parquet file to write")
    options = vars(parser.parse_args())

    from generality.vision.score import score_classifiers

    score_classifiers(options.pop("output"), sets=dict(options.pop("sets")), **options)


if __name__ == "__main__":
    run(main)
