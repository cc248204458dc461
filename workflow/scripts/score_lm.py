"""Score a language model, its mixtures with a fine-tuned one, or a series of checkpoints: one row per example."""

import argparse

from generality.runtime.cli import run, split_folder, split_kind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--finetuned", help="fine-tuned model folder to mix with")
    parser.add_argument("--mix", default="", metavar="METHOD", help="post-hoc method that mixes the two")
    parser.add_argument("--values", nargs="*", default=[], type=float, help="values of the method's grid to score")
    parser.add_argument("--series", help="folder of checkpoints to score, fine-tuned from the model")
    parser.add_argument("--sets", nargs="+", required=True, type=split_folder, help="data:split=text-set folder")
    parser.add_argument(
        "--generate", nargs="*", default=[], type=split_kind, metavar="DATA[:EXTRACTION]",
        help="data sets for which answers are generated as well, and how they are read",
    )  # fmt: skip
    parser.add_argument("--method", required=True, help="method to write into the rows")
    parser.add_argument("--setting", default="default", help="setting of the scored or the fine-tuned model")
    parser.add_argument("--seed", required=True, type=int, help="seed to write into the rows")
    parser.add_argument("--limit", type=int, metavar="N", help="score at most N examples of each set, evenly spread")
    parser.add_argument("--output", required=True, help="parquet file to write")
    options = vars(parser.parse_args())
    options |= {key: dict(options[key]) for key in ("sets", "generate")}

    from generality.language.score import score_causal_lms

    score_causal_lms(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
