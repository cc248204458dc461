"""Check before any training that a language model can be scored on all data sets of an experiment."""

import argparse

from generality.runtime.cli import run, split_folder, split_kind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="model folder; its weights are not read")
    parser.add_argument(
        "--sets", required=True, nargs="+", type=split_folder, help="data:split=text-set folder that will be scored"
    )
    parser.add_argument(
        "--generate", nargs="*", default=[], type=split_kind, metavar="DATA[:EXTRACTION]",
        help="data sets for which answers are generated as well, and how they are read",
    )  # fmt: skip
    parser.add_argument("--limit", type=int, metavar="N", help="check at most N examples of each set, evenly spread")
    parser.add_argument("--output", required=True, help="text file to write: one line on the lengths in each set")
    options = vars(parser.parse_args())
    options |= {key: dict(options[key]) for key in ("sets", "generate")}

    from generality.language.answers import check_texts

    check_texts(options.pop("output"), **options)


if __name__ == "__main__":
    run(main)
