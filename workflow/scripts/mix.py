"""Mix the pre-trained and a fine-tuned model into a new one by a post-hoc method."""

import argparse

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", required=True, help="name of the method")
    parser.add_argument("--setting", required=True, help="its setting, such as alpha-0.5")
    parser.add_argument("--pretrained", required=True, help="model folder before fine-tuning")
    parser.add_argument("--finetuned", required=True, help="model folder after fine-tuning")
    parser.add_argument("--output", required=True, help="model folder to write")
    args = parser.parse_args()

    from generality.methods import load
    from generality.storage.mixtures import write_mixture
    from generality.storage.setting import read

    method = load(args.method)
    write_mixture(
        args.output, method=method, pretrained=args.pretrained, finetuned=args.finetuned,
        value=read(args.setting)[method.grid.name],
    )  # fmt: skip


if __name__ == "__main__":
    run(main)
