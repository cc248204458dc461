"""Try every step of a study once with a released CLIP and a few random pictures, before any training."""

import argparse

from generality.runtime.cli import run, trial


def main() -> None:
    options = vars(argparse.ArgumentParser(description=__doc__, parents=[trial()]).parse_args())

    from generality.vision.trial import try_clip

    try_clip(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
