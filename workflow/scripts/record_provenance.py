"""Record how a report came to be: versions, revision, machine, and time and memory of every stage."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, metavar="NAME", help="name of the study")
    parser.add_argument("--seeds", required=True, type=json.loads, metavar="JSON", help="its seeds by what they draw")
    parser.add_argument("--logs", required=True, metavar="FOLDER", help="folder of its logs")
    parser.add_argument(
        "--folders", nargs="+", required=True, metavar="FOLDER",
        help="folders in it that hold logs of jobs, each named <rule>.log",
    )  # fmt: skip
    parser.add_argument("--rules", nargs="+", required=True, metavar="RULE", help="rules, in the order of the road")
    parser.add_argument(
        "--requirements", required=True, metavar="FILE", help="packages to record the installed versions of, one a line"
    )
    parser.add_argument("--output", required=True, metavar="JSON", help="where the record goes")
    options = vars(parser.parse_args())

    from generality.report.provenance import record
    from generality.runtime.imports import WORKFLOW
    from generality.storage.files import write_json

    output = options.pop("output")
    write_json(output, record(**options, library=WORKFLOW))


if __name__ == "__main__":
    run(main)
