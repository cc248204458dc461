"""Check that a model that was fine-tuned elsewhere belongs to its base and differs from it."""

import argparse

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="model folder before fine-tuning")
    parser.add_argument("--tuned", required=True, help="model folder after it")
    parser.add_argument("--name", required=True, help="key of the study file that names the tuned model, for errors")
    parser.add_argument("--output", required=True, help="JSON file to write: how far the weights are apart")
    args = parser.parse_args()

    from generality.storage.tuned import check_tuned

    check_tuned(args.output, base=args.base, tuned=args.tuned, name=args.name)


if __name__ == "__main__":
    run(main)
