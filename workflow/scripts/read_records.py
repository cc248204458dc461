"""Read one split of one domain of real texts, from files or the Hugging Face hub, into a text set."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--settings",
        required=True,
        type=json.loads,
        help="JSON, the domain's entry in the study file: form; files or hub; prompt; choices and answer, or "
        "response; optionally shares, records, id, labels, optional, answers, cluster, licence, skip_unlabelled, "
        "skip_faulty. "
        'Such as \'{"form": "choice", "files": {"test": "piqa.jsonl"}, "prompt": "{goal}", '
        '"choices": ["{sol1}", "{sol2}"], "answer": "label"}\'',
    )
    parser.add_argument("--name", required=True, help="data set and domain, such as pubmedqa/pqa-labeled")
    parser.add_argument("--split", required=True, choices=["train", "validation", "test"], help="which records")
    parser.add_argument("--output", required=True, help="text-set folder to write")
    args = parser.parse_args()

    from generality.data.records.read import read_records

    read_records(args.output, name=args.name, split=args.split, settings=args.settings)


if __name__ == "__main__":
    run(main)
