"""Save a causal language model as a model folder, from the hub or from a local folder."""

import argparse

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="hub id, such as facebook/galactica-1.3b, or a local folder")
    parser.add_argument("--revision", help="commit of the hub's repository (default: the main branch)")
    parser.add_argument("--output", required=True, help="model folder to write")
    args = parser.parse_args()

    from generality.language.causal_lm import fetch_causal_lm

    fetch_causal_lm(args.output, name=args.name, revision=args.revision)


if __name__ == "__main__":
    run(main)
