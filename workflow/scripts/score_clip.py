"""Score a classifier, or its interpolations with a fine-tuned one, on image sets: one row per picture."""

import argparse

from generality.runtime.cli import run, split_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="classifier folder")
    parser.add_argument("--finetuned", help="fine-tuned classifier folder to interpolate with")
    parser.add_argument("--alphas", nargs="*", default=[], type=float, help="mixing weights of the fine-tuned model")
    parser.add_argument("--sets", nargs="+", required=True, type=split_folder, help="data:split=image-set folder")
    parser.add_argument("--method", required=True, help="method to write into the rows")
    parser.add_argument("--setting", default="default", help="setting to write into the rows; not for interpolations")
    parser.add_argument("--seed", required=True, type=int, help="seed to write into the rows")
    parser.add_argument("--limit", type=int, metavar="N", help="score at most N examples of each set, evenly spread")
    parser.add_argument("--output", required=True, help="parquet file to write")
    options = vars(parser.parse_args())

    from generality.vision.score import score_classifiers

    sets, alphas = dict(options.pop("sets")), tuple(options.pop("alphas"))
    score_classifiers(options.pop("output"), sets=sets, alphas=alphas, **options)


if __name__ == "__main__":
    run(main)
