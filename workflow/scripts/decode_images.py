"""Decode one split of one domain of an image folder, <root>/<domain>/<class>/<picture>, into an image set."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--settings",
        required=True,
        type=json.loads,
        help="JSON, as in config.yaml: root (folder), size (pixels a side); optionally folder, lists, shares, classes, "
        "class_names, numbered, objectnet_mappings, counts, train_on_all, crop_border, class_groups, licence. "
        'Such as \'{"root": "data/pacs", "size": 32, "shares": {"validation": 0.1, "test": 0.3}}\'',
    )
    parser.add_argument("--name", required=True, help="name of the data set, such as pacs")
    parser.add_argument("--domain", required=True, help="domain, and folder below root unless that is given")
    parser.add_argument("--split", required=True, choices=["train", "validation", "test"], help="which pictures")
    parser.add_argument("--output", required=True, help="image-set folder to write")
    parser.add_argument("--workers", type=int, default=1, help="threads that decode (default: 1)")
    args = parser.parse_args()

    from generality.data.pictures.image_folder import decode

    options = {"name": args.name, "domain": args.domain, "split": args.split}
    decode(args.output, settings=args.settings, workers=args.workers, **options)


if __name__ == "__main__":
    run(main)
