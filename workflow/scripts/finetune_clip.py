"""Fine-tune a classifier with one method and setting."""

import argparse

from generality.runtime.cli import finetuning, run


def main() -> None:
    options = vars(argparse.ArgumentParser(description=__doc__, parents=[finetuning()]).parse_args())
    options |= options.pop("settings")

    from generality.vision.finetune import finetune_classifier

    finetune_classifier(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
