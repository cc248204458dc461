"""Fine-tune a language model with one method and setting."""

import argparse

from generality.runtime.cli import finetuning, run


def main() -> None:
    options = vars(argparse.ArgumentParser(description=__doc__, parents=[finetuning()]).parse_args())
    options |= options.pop("settings")

    from generality.language.finetune import finetune_causal_lm

    finetune_causal_lm(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
