"""Print the verdicts on models that were fine-tuned elsewhere. The exit code is for programs.

0: something measurably changed, and nothing is measurably forgotten; 3: something is measurably forgotten; 4: nothing
measurably changed, so that these examples tell nothing; 1: an error. Of several models the highest code counts.
"""

import argparse
import sys

from generality.runtime.cli import run
from generality.storage.files import read_json

CODES = {"kept": 0, "forgot": 3, "below the noise floor": 4}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verdict", help="reports/…/verdict.json")
    args = parser.parse_args()
    verdicts = read_json(args.verdict, "verdicts")["verdicts"]
    for one in verdicts:
        changes = ", ".join(f"{area['area']} {area['change']:+.1f} ({area['word']})" for area in one["areas"])
        print(f"{one['model']}: {one['verdict']}; {changes}")
    sys.exit(max(CODES[one["verdict"]] for one in verdicts))


if __name__ == "__main__":
    run(main)
