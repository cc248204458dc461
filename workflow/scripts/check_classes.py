"""Check before any training that a classifier has the classes of all data sets that will be scored."""

import argparse

from generality.runtime.cli import run, split_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", required=True, help="image-set folder whose classes the classifier has")
    parser.add_argument(
        "--sets", required=True, nargs="+", type=split_folder, help="data:split=image-set folder that will be scored"
    )
    parser.add_argument("--output", required=True, help="text file to write: one line on the classes of each set")
    args = parser.parse_args()

    from generality.data.class_groups import check_classes

    check_classes(args.output, train=args.train, sets=dict(args.sets))


if __name__ == "__main__":
    run(main)
