"""Make a split of a data set or a model folder, by the function that its source names."""

import argparse
import inspect
import json

from generality.runtime.cli import function, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--function", required=True, metavar="MODULE:FUNCTION",
        help="function that makes it, such as generality.language.causal_lm:fetch_causal_lm",
    )  # fmt: skip
    parser.add_argument(
        "--arguments", required=True, type=json.loads,
        help='JSON: the function\'s arguments by name, such as \'{"name": "facebook/galactica-1.3b"}\'',
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=1, help="threads, for a function that takes some (default: 1)")
    parser.add_argument("--log", help="CSV file for the loss, step by step, of a model that is pre-trained")
    parser.add_argument("--output", required=True, help="folder to write")
    args = parser.parse_args()

    make = function(args.function)
    options = {name: getattr(args, name) for name in ("workers", "log") if name in inspect.signature(make).parameters}
    make(args.output, **args.arguments, **options)


if __name__ == "__main__":
    run(main)
