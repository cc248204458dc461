"""Join image sets into one captioned set for contrastive pre-training."""

import argparse
import json

from generality.runtime.cli import named_folder, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--set",
        required=True,
        action="append",
        type=named_folder,
        metavar="NAME=FOLDER",
        dest="sets",
        help="a data set and its image-set folder, such as pacs/photo=results/pacs/photo/train; once for each",
    )
    parser.add_argument(
        "--phrases",
        required=True,
        type=json.loads,
        help="JSON: phrases of each data set, {} for the class; default is for the others. "
        'Such as \'{"default": ["a picture of a {}"], "pacs/photo": ["a photo of a {}", "a {}"]}\'',
    )
    parser.add_argument("--seed", required=True, type=int, help="of the choice among the phrases")
    parser.add_argument("--output", required=True, help="captioned image-set folder to write")
    args = parser.parse_args()

    from generality.data.pictures.captioned import caption

    caption(args.output, sets=dict(args.sets), phrases=args.phrases, seed=args.seed)


if __name__ == "__main__":
    run(main)
