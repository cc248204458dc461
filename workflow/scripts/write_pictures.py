"""Write pictures of the hub, of WebDataset archives or of a table as class folders."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--settings", required=True, type=json.loads,
        help='JSON: webdataset (list of archives), table or hub; optionally image, label and classes',
    )  # fmt: skip
    parser.add_argument("--output", required=True, help="folder to write")
    args = parser.parse_args()

    from generality.data.downloads.pictures import write_pictures

    write_pictures(args.output, **args.settings)


if __name__ == "__main__":
    run(main)
