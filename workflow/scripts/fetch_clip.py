"""Save an open_clip model as a model folder, from a pretrained tag to download or from a .safetensors file."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="open_clip model name, such as ViT-B-16-quickgelu")
    parser.add_argument("--weights", required=True, help="pretrained tag, such as openai, or a .safetensors file")
    parser.add_argument(
        "--preprocess", type=json.loads, default={},
        help="JSON: mean, std, interpolation, resize_mode, fill_color of a file's training pictures",
    )  # fmt: skip
    parser.add_argument("--output", required=True, help="model folder to write")
    args = parser.parse_args()

    from generality.vision.clip import fetch_clip

    fetch_clip(args.output, name=args.name, weights=args.weights, preprocess=args.preprocess)


if __name__ == "__main__":
    run(main)
