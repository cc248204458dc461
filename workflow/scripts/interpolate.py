"""Interpolate two models, entry by entry: (1 - alpha) * pre-trained + alpha * fine-tuned."""

import argparse

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pretrained", required=True, help="model folder before fine-tuning")
    parser.add_argument("--finetuned", required=True, help="model folder after fine-tuning")
    parser.add_argument("--alpha", required=True, type=float, help="weight of the fine-tuned model")
    parser.add_argument("--output", required=True, help="model folder to write")
    args = parser.parse_args()

    from generality.methods.interpolate import write_interpolated

    write_interpolated(args.output, pretrained=args.pretrained, finetuned=args.finetuned, alpha=args.alpha)


if __name__ == "__main__":
    run(main)
