"""Measure the distance of text sets from the fine-tuning set in a pre-trained model's embeddings."""

import argparse

from generality.runtime.cli import named_folder, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="pre-trained model folder")
    parser.add_argument("--speciality", required=True, help="text-set folder of the fine-tuning set")
    parser.add_argument(
        "--sets", nargs="+", required=True, type=named_folder, metavar="SET/DOMAIN=FOLDER", help="text sets to measure"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="embed at most N examples of each set, evenly spread")
    parser.add_argument("--output", required=True, help="CSV file to write: data, distance")
    options = vars(parser.parse_args())

    from generality.language.distance import measure_distances

    measure_distances(options.pop("output"), sets=dict(options.pop("sets")), **options)


if __name__ == "__main__":
    run(main)
