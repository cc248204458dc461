"""Score a classifier, or its mixtures with a fine-tuned one, on image sets: one row per picture."""

import argparse

from generality.runtime.cli import run, scoring


def main() -> None:
    options = vars(argparse.ArgumentParser(description=__doc__, parents=[scoring()]).parse_args())

    from generality.vision.score import score_classifiers

    score_classifiers(options.pop("output"), sets=dict(options.pop("sets")), **options)


if __name__ == "__main__":
    run(main)
