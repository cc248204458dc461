"""Render the report: one page that holds the answer, every figure, table and claim, the provenance and the config."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, metavar="NAME", help="name of the study")
    parser.add_argument(
        "--experiments", required=True, type=json.loads, metavar="JSON",
        help='JSON: [{"name", "data", "model", "remark": a sentence on the model or ""}]',
    )  # fmt: skip
    parser.add_argument(
        "--parts", required=True, type=json.loads, metavar="JSON",
        help='JSON, in the order shown: [{"part", "title", "name", "category", "text", "files": {suffix: path}}]',
    )  # fmt: skip
    parser.add_argument("--answer", required=True, metavar="CSV", help="numbers of the first screen")
    parser.add_argument("--provenance", required=True, metavar="JSON", help="versions, times and memory")
    parser.add_argument("--config", required=True, metavar="YAML", help="the study's configuration, as text")
    parser.add_argument(
        "--labels", type=json.loads, default={}, metavar="JSON", help='printed names of methods: {"wise": "WiSE-FT"}'
    )
    parser.add_argument("--output", required=True, metavar="HTML", help="page to write")
    args = parser.parse_args()

    from generality.report.page import render_page

    render_page(
        args.output, study=args.study, experiments=args.experiments, parts=args.parts, answer_file=args.answer,
        provenance_file=args.provenance, config=args.config, labels=args.labels,
    )  # fmt: skip


if __name__ == "__main__":
    run(main)
