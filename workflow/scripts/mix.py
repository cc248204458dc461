"""Mix the pre-trained and fine-tuned models into a new one by a post-hoc method."""

import argparse

from generality.methods import TRACKS
from generality.runtime.cli import run


def depths(track: str, folder: str) -> dict[str, float]:
    """Return the depths of the entries of a model folder."""
    if track == "language":
        from generality.language.causal_lm import load_causal_lm
        from generality.language.outputs import entry_depths

        return entry_depths(load_causal_lm(folder)[0])
    from generality.vision.classifier import entry_depths, load_classifier

    return entry_depths(*load_classifier(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", required=True, help="name of the method")
    parser.add_argument("--track", required=True, choices=TRACKS, help="track of the models")
    parser.add_argument("--setting", required=True, help="its setting, such as alpha-0.5")
    parser.add_argument("--pretrained", required=True, help="model folder before fine-tuning")
    parser.add_argument("--finetuned", required=True, nargs="+", help="model folders after fine-tuning, one or several")
    parser.add_argument("--shares", help="table of the shares of blocks that the method searched")
    parser.add_argument("--output", required=True, help="model folder to write")
    args = parser.parse_args()

    from generality.methods import load
    from generality.storage.mixtures import write_mixture
    from generality.storage.setting import read

    method, shares = load(args.method), None
    if args.shares:
        from generality.storage.shares import read_shares  # which needs pandas, and so memory

        shares = read_shares(args.shares)[args.setting]
    write_mixture(
        args.output, method=method, pretrained=args.pretrained, finetuned=args.finetuned,
        values=read(args.setting), shares=shares,
        depths=depths(args.track, args.pretrained) if method.layered else None,
    )  # fmt: skip


if __name__ == "__main__":
    run(main)
