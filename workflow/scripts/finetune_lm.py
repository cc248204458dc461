"""Fine-tune a language model with one method and setting."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="model folder to start from")
    parser.add_argument("--data", required=True, help="text-set folder to learn")
    parser.add_argument(
        "--settings", required=True, type=json.loads, help="JSON: method, hyperparameters (such as lambda), train"
    )
    parser.add_argument("--seed", required=True, type=int, help="seed for the order of texts and LoRA's matrices")
    parser.add_argument("--log", required=True, help="CSV file for loss, penalty, lr and gradient norm")
    parser.add_argument(
        "--series", nargs="+", default=[], type=float, metavar="SHARE",
        help="write <output>/step-<k> after these shares of all steps, in place of the final model alone",
    )  # fmt: skip
    parser.add_argument("--output", required=True, help="model folder to write")
    options = vars(parser.parse_args())
    options |= options.pop("settings")

    from generality.language.finetune import finetune_causal_lm

    finetune_causal_lm(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
