"""Probe a series of classifiers on image sets: write for each picture whether the current and a new head are right."""

import argparse

from generality.runtime.cli import run, split_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", required=True, help="folder of classifier folders step-<k>")
    parser.add_argument(
        "--sets", nargs="+", required=True, type=split_folder, metavar="NAME:SPLIT=FOLDER",
        help="image-set folders: for each name a train split, to fit the probe, and a test split, to measure it",
    )  # fmt: skip
    parser.add_argument("--seed", required=True, help="seeds to write into the rows, such as 1-2")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="measure at most N test pictures of each set, evenly spread"
    )
    parser.add_argument("--output", required=True, help="parquet file to write")
    options = vars(parser.parse_args())

    from generality.vision.probe import probe_series

    probe_series(options.pop("output"), sets=dict(options.pop("sets")), **options)


if __name__ == "__main__":
    run(main)
