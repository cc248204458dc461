"""Mix the pre-trained and fine-tuned models into a new one by a post-hoc method, or as a verdict has chosen."""

import argparse
from collections.abc import Mapping, Sequence
from functools import partial

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


def shares(tables: Mapping[str, str], method: str, setting: str) -> Sequence[float] | None:
    """Return the shares of blocks that a method found for a setting; None for one without a table."""
    if method not in tables:
        return None
    from generality.storage.shares import read_shares  # which needs pandas, and so memory

    return read_shares(tables[method])[setting]


def table(text: str) -> tuple[str, str]:
    """Return METHOD and FILE of "METHOD=FILE"."""
    method, _, file = text.partition("=")
    return method, file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", help="name of the method")
    parser.add_argument("--track", required=True, choices=TRACKS, help="track of the models")
    parser.add_argument("--setting", help="its setting, such as alpha-0.5")
    parser.add_argument("--pretrained", required=True, help="model folder before fine-tuning")
    parser.add_argument("--finetuned", required=True, nargs="+", help="model folders after fine-tuning, one or several")
    parser.add_argument(
        "--shares", nargs="*", default=[], type=table, metavar="METHOD=FILE",
        help="tables of the shares of blocks that methods searched",
    )  # fmt: skip
    parser.add_argument("--verdict", help="verdict.json, which chooses method and setting in place of the two options")
    parser.add_argument("--of", nargs=2, metavar=("EXPERIMENT", "MODEL"), help="what the verdict is on")
    parser.add_argument("--names", nargs=2, metavar=("BASE", "TUNED"), help="the two models' names in the model card")
    parser.add_argument("--output", required=True, help="model folder to write")
    args = parser.parse_args()
    if not ((args.verdict and args.of and args.names) or (args.method and args.setting)):
        parser.error("give --method and --setting, or --verdict, --of and --names")

    from generality.methods import load
    from generality.storage.mixtures import write_mixture
    from generality.storage.repaired import write_repaired
    from generality.storage.setting import read

    found = partial(shares, dict(args.shares))
    if args.verdict:
        experiment, tuned = args.of
        write_repaired(
            args.output, verdict=args.verdict, experiment=experiment, tuned=tuned, pretrained=args.pretrained,
            finetuned=args.finetuned[0], names=dict(zip(("base", "tuned"), args.names, strict=True)),
            shares=found, depths=partial(depths, args.track),
        )  # fmt: skip
        return
    method = load(args.method)
    write_mixture(
        args.output, method=method, pretrained=args.pretrained, finetuned=args.finetuned,
        values=read(args.setting), shares=found(args.method, args.setting),
        depths=depths(args.track, args.pretrained) if method.layered else None,
    )  # fmt: skip


if __name__ == "__main__":
    run(main)
