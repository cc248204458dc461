"""Let a language model write texts by itself, as a text set."""

import argparse

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--output", required=True, help="text-set folder to write")
    args = parser.parse_args()

    from generality.language.sample import sample_texts

    sample_texts(args.output, model=args.model)


if __name__ == "__main__":
    run(main)
