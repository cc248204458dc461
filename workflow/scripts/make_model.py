"""Make a model folder, by the function that the model's source names: fetch a released model, or pre-train one."""

import argparse
import json

from generality.runtime.cli import function, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--function",
        required=True,
        metavar="MODULE:FUNCTION",
        help="function that makes the model, such as generality.language.causal_lm:fetch_causal_lm",
    )
    parser.add_argument(
        "--arguments",
        required=True,
        type=json.loads,
        help='JSON: the function\'s arguments by name, such as \'{"name": "facebook/galactica-1.3b"}\'',
    )
    parser.add_argument("--log", help="CSV file for the loss, step by step, of a model that is pre-trained")
    parser.add_argument("--output", required=True, help="model folder to write")
    args = parser.parse_args()

    log = {"log": args.log} if args.log else {}
    function(args.function)(args.output, **args.arguments, **log)


if __name__ == "__main__":
    run(main)
