"""Score a language model, its mixtures with a fine-tuned one, or a series of checkpoints: one row per example."""

import argparse

from generality.runtime.cli import run, scoring, split_kind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, parents=[scoring()])
    parser.add_argument("--series", help="folder of checkpoints to score, fine-tuned from the model")
    parser.add_argument(
        "--generate", nargs="*", default=[], type=split_kind, metavar="DATA[:EXTRACTION]",
        help="data sets for which answers are generated as well, and how they are read",
    )  # fmt: skip
    options = vars(parser.parse_args())
    options |= {key: dict(options[key]) for key in ("sets", "generate")}

    from generality.language.score import score_causal_lms

    score_causal_lms(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
