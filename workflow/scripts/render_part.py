"""Draw one part of the report, as its module declares, from the inputs and settings of the study."""

import argparse
import importlib
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", required=True, help="the part's module, such as generality.parts.tradeoff")
    parser.add_argument("--inputs", required=True, type=json.loads, metavar="JSON", help="its `needs`, by name")
    parser.add_argument("--settings", required=True, type=json.loads, metavar="JSON", help="its `settings`, by name")
    parser.add_argument(
        "--output", nargs="+", required=True, metavar="FILE",
        help="files to write, of a format each; the last of a figure is the table of its values",
    )  # fmt: skip
    args = parser.parse_args()

    importlib.import_module(args.module).PART.draw(args.output, **args.inputs, **args.settings)


if __name__ == "__main__":
    run(main)
