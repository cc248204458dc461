"""Try every step of a study once with a released CLIP and a few random pictures, before any training."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="CLIP model folder")
    parser.add_argument("--name", required=True, help="name of the model in messages")
    parser.add_argument(
        "--trials", required=True, type=json.loads, help="JSON list of fine-tunings: method, hyperparameters, train"
    )
    parser.add_argument("--output", required=True, help="text file to write: each step and its seconds")
    options = vars(parser.parse_args())

    from generality.vision.trial import try_clip

    try_clip(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
