"""Try every step of a study once with a language model and a few tokens: training, saving, mixing, scoring."""

import argparse

from generality.runtime.cli import run, trial


def main() -> None:
    options = vars(argparse.ArgumentParser(description=__doc__, parents=[trial()]).parse_args())

    from generality.language.trial import try_causal_lm

    try_causal_lm(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
