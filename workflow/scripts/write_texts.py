"""Write one domain and split of the text world into a text set."""

import argparse

from generality.data.text_world.world import write_texts
from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--family", required=True, help="medical, common-sense, instruction or corpus (to pre-train on)"
    )
    parser.add_argument("--domain", required=True, help="a domain of the family, such as medmcqa; all for corpus")
    parser.add_argument(
        "--split", required=True, help="train, validation or test, which share nothing; train for corpus"
    )
    parser.add_argument("--count", required=True, type=int, help="number of examples")
    parser.add_argument("--seed", required=True, type=int, help="the world's seed; another seed has other facts")
    parser.add_argument("--output", required=True, metavar="FOLDER", help="text set to write")
    options = vars(parser.parse_args())
    write_texts(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
