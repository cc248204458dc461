"""Render the claims of the paper: each finding with the effect measured here, its interval and a verdict."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--experiments", required=True, type=json.loads, metavar="JSON",
        help="JSON: for each role that the study has (imagenet, domainnet, medmcqa, pubmedqa) scores (score files), "
        "table (tidy table), experiment (name), speciality (data set fine-tuned on), generality (the others by group)",
    )  # fmt: skip
    parser.add_argument(
        "--probed",
        type=json.loads,
        metavar="JSON",
        help="JSON: files (of probe_clip.py, a seed each), experiment",
    )
    parser.add_argument(
        "--followed", type=json.loads, metavar="JSON",
        help="JSON: scores, as one of --experiments but with fine-tunings for methods and steps for settings, and "
        "tunings (lr and warmup of each, the usual one first)",
    )  # fmt: skip
    parser.add_argument("--output", nargs="+", required=True, metavar="FILE", help="files to write: .json, .md")
    args = parser.parse_args()

    from generality.report.claims import FOLLOWED, PROBED
    from generality.report.claims_table import render_claims
    from generality.report.comparisons_series import Followed
    from generality.report.probed import Probed
    from generality.report.resampled import Resampled

    found = {role: Resampled(**settings) for role, settings in args.experiments.items()}
    if args.probed:
        found[PROBED] = Probed(**args.probed)
    if args.followed:
        found[FOLLOWED] = Followed(Resampled(**args.followed["scores"]), args.followed["tunings"])
    render_claims(found, args.output)


if __name__ == "__main__":
    run(main)
