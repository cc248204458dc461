"""Look for the user's own copy of a data set, and say how to get it if it is missing."""

import argparse

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", required=True, help="where it has to be")
    parser.add_argument("--by-hand", required=True, help="how to get it, for the message")
    parser.add_argument("--output", required=True, help="note to write once it is there")
    args = parser.parse_args()

    from generality.data.downloads.own_copy import find_own_copy

    find_own_copy(args.output, path=args.path, by_hand=args.by_hand)


if __name__ == "__main__":
    run(main)
