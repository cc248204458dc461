"""Pre-train a small OPT and its tokenizer on texts and save them in transformers' format."""

import argparse
import json

from generality.runtime.cli import named_folder, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", nargs="+", required=True, type=named_folder, metavar="SET/DOMAIN=FOLDER", help="text sets to learn"
    )
    parser.add_argument(
        "--settings", required=True, type=json.loads, help="JSON: vocabulary, architecture (OPTConfig's keys), train"
    )
    parser.add_argument("--seed", required=True, type=int, help="seed of the initial weights and order of texts")
    parser.add_argument("--log", required=True, help="CSV file for the loss by step")
    parser.add_argument("--output", required=True, help="model folder to write")
    args = parser.parse_args()

    from generality.language.pretrain import pretrain_opt

    pretrain_opt(args.output, data=dict(args.data), seed=args.seed, log=args.log, **args.settings)


if __name__ == "__main__":
    run(main)
