"""Unpack an archive (.zip, .tar, .tar.gz) that is not trusted: plain files below one folder, or nothing."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", required=True, help="archive to unpack")
    parser.add_argument(
        "--settings", required=True, type=json.loads,
        help='JSON; optionally folder (that of the archive to take) and files (how many): \'{"folder": "real"}\'',
    )  # fmt: skip
    parser.add_argument("--output", required=True, help="folder to write")
    args = parser.parse_args()

    from generality.data.downloads.unpack import unpack

    unpack(args.output, archive=args.archive, inside=args.settings.get("folder", ""), files=args.settings.get("files"))


if __name__ == "__main__":
    run(main)
