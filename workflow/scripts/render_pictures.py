"""Render one domain and split of the picture world into an image set."""

import argparse

from generality.data.picture_world.world import render
from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", required=True, help="domainnet, imagenet or web (captioned, all styles)")
    parser.add_argument("--domain", required=True, help="a domain of the family, such as real; all for web")
    parser.add_argument("--split", required=True, help="train, validation or test; no two splits share a picture")
    parser.add_argument("--count", required=True, type=int, help="number of pictures")
    parser.add_argument("--size", required=True, type=int, help="height and width in pixels")
    parser.add_argument("--seed", required=True, type=int, help="the world's seed; another seed gives other pictures")
    parser.add_argument("--output", required=True, metavar="FOLDER", help="image set to write")
    options = vars(parser.parse_args())
    render(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
