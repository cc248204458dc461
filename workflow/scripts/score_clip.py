"""Score a classifier, or its interpolations with a fine-tuned one, on image sets: one row per picture."""

import argparse

from generality.cli import run


def data_split_folder(text: str) -> tuple[tuple[str, str], str]:
    """Parse NAME/DOMAIN:SPLIT=FOLDER."""
    key, _, folder = text.partition("=")
    data, _, split = key.rpartition(":")
    if not (data and split and folder):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form data:split=folder")
    return (data, split), folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="classifier folder")
    parser.add_argument("--finetuned", help="second classifier folder, to interpolate with")
    parser.add_argument("--alphas", nargs="*", default=[], type=float, help="weights of the fine-tuned model to score")
    parser.add_argument("--sets", nargs="+", required=True, type=data_split_folder, help="data:split=image-set folder")
    parser.add_argument("--method", required=True, help="method, for the rows")
    parser.add_argument("--setting", default="default", help="setting, for the rows; interpolations name their own")
    parser.add_argument("--seed", required=True, type=int, help="seed, for the rows")
    parser.add_argument("--output", required=True, help="parquet file to write")
    args = parser.parse_args()

    from generality.vision.score import score_classifiers

    score_classifiers(
        args.output,
        sets=dict(args.sets),
        model=args.model,
        method=args.method,
        setting=args.setting,
        seed=args.seed,
        finetuned=args.finetuned,
        alphas=tuple(args.alphas),
    )


if __name__ == "__main__":
    run(main)
