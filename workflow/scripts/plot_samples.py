"""Plot pictures of the same classes in every domain: a block per experiment, a column per domain."""

import argparse
import re

from generality.runtime.cli import run


def named_set(text: str) -> tuple[str, str, str]:
    """Split "experiment:domain=FOLDER" in three."""
    match = re.fullmatch(r"([^:=]+):([^:=]+)=(.+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"'{text}' is not EXPERIMENT:DOMAIN=FOLDER")
    return match[1], match[2], match[3]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--set", nargs="+", required=True, type=named_set, metavar="EXPERIMENT:DOMAIN=FOLDER",
        help="image sets in the order shown; the first domain of an experiment is the one fine-tuned on",
    )  # fmt: skip
    parser.add_argument("--classes", type=int, default=4, metavar="N", help="classes shown (default: %(default)s)")
    parser.add_argument(
        "--examples", type=int, default=1, metavar="N", help="pictures of a class and domain (default: %(default)s)"
    )
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .pdf, .png, .svg")
    parser.add_argument("--data", required=True, metavar="CSV", help="where what is drawn goes as a table")
    args = parser.parse_args()

    from generality.report.collect import write_table
    from generality.report.samples import pick_samples, plot_samples

    sets: dict[str, dict[str, str]] = {}
    for experiment, domain, folder in args.set:
        sets.setdefault(experiment, {})[domain] = folder
    picked = pick_samples(sets, classes=args.classes, examples=args.examples)
    plot_samples(picked, args.output)
    write_table(picked, args.data)


if __name__ == "__main__":
    run(main)
