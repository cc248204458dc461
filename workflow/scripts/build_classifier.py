"""Build the pre-trained classifier of an experiment: a CLIP image tower and its zero-shot head."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", required=True, help="CLIP model folder")
    parser.add_argument("--data", required=True, help="image-set folder that gives the classes of the head")
    parser.add_argument("--templates", required=True, type=json.loads, help='JSON: prompts, or "openai_imagenet"')
    parser.add_argument("--output", required=True, help="classifier folder to write")
    args = parser.parse_args()

    from generality.vision.zero_shot import build_classifier

    build_classifier(args.output, clip=args.clip, data=args.data, templates=args.templates)


if __name__ == "__main__":
    run(main)
