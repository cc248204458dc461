"""Render the claims of the paper: each finding with the effect measured here, its interval and a verdict."""

import argparse
import json

from generality.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--experiments", required=True, type=json.loads, metavar="JSON",
        help="JSON: for each role that the study has (imagenet, domainnet, medmcqa, pubmedqa) scores (score files), "
        "table (tidy table), experiment (name), speciality (data set fine-tuned on), generality (the others by group)",
    )  # fmt: skip
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .json, .md")
    args = parser.parse_args()

    from generality.report.claims_table import render_claims
    from generality.report.resampled import Resampled

    render_claims({role: Resampled(**settings) for role, settings in args.experiments.items()}, args.output)


if __name__ == "__main__":
    run(main)
