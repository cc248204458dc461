"""Make one split of a domain of a data set, by the function that its source names."""

import argparse
import inspect
import json

from generality.runtime.cli import function, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--function",
        required=True,
        metavar="MODULE:FUNCTION",
        help="function that makes the data, such as generality.data.picture_world.world:render",
    )
    parser.add_argument(
        "--arguments",
        required=True,
        type=json.loads,
        help="JSON: the function's arguments by name, such as "
        '\'{"family": "web", "domain": "all", "split": "train", "count": 64, "size": 32, "seed": 1}\'',
    )
    parser.add_argument("--workers", type=int, default=1, help="threads, for a function that takes some (default: 1)")
    parser.add_argument("--output", required=True, help="folder of the data set to write")
    args = parser.parse_args()

    make = function(args.function)
    threads = {"workers": args.workers} if "workers" in inspect.signature(make).parameters else {}
    make(args.output, **args.arguments, **threads)


if __name__ == "__main__":
    run(main)
