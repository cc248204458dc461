"""Search the shares of blocks for a post-hoc method that mixes the pre-trained and a fine-tuned model."""

import argparse

from generality.methods import TRACKS
from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--track", required=True, choices=TRACKS, help="track of the models")
    parser.add_argument("--model", required=True, help="model folder before fine-tuning")
    parser.add_argument("--finetuned", required=True, help="model folder after fine-tuning")
    parser.add_argument("--data", required=True, help="folder of the data set that the loss is measured on")
    parser.add_argument("--mix", required=True, metavar="METHOD", help="post-hoc method")
    parser.add_argument("--values", nargs="+", required=True, type=float, help="values of the method's grid")
    parser.add_argument("--candidates", required=True, type=int, help="number of candidates for each value")
    parser.add_argument("--limit", type=int, metavar="N", help="read at most N examples, evenly spread")
    parser.add_argument("--output", required=True, help="CSV file to write: setting, block, share and losses")
    options = vars(parser.parse_args())

    if options.pop("track") == "language":
        from generality.language.search import search_blocks
    else:
        from generality.vision.search import search_blocks

    search_blocks(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
