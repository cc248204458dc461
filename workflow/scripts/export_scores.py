"""Write the test scores of an experiment in the layout of lm-evaluation-harness's results."""

import argparse

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", required=True, help="Parquet file of all score rows of the experiment")
    parser.add_argument("--output", required=True, help="folder to write, with a folder for each model")
    args = parser.parse_args()

    from generality.report.lm_eval_layout import write_layout

    write_layout(args.output, args.scores)


if __name__ == "__main__":
    run(main)
