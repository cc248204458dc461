"""Pre-train a small CLIP on captioned pictures and save it in open_clip's format."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="captioned image-set folder")
    parser.add_argument("--settings", required=True, type=json.loads, help="JSON: architecture (open_clip's), train")
    parser.add_argument("--seed", required=True, type=int, help="seed of the initial weights and order of pictures")
    parser.add_argument("--log", required=True, help="CSV file for the loss by step")
    parser.add_argument("--output", required=True, help="model folder to write")
    args = parser.parse_args()

    from generality.vision.pretrain import pretrain_clip

    settings = args.settings
    pretrain_clip(
        args.output,
        data=args.data,
        architecture=settings["architecture"],
        train=settings["train"],
        seed=args.seed,
        log=args.log,
    )


if __name__ == "__main__":
    run(main)
