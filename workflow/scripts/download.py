"""Download one file: from the first of its URLs that gives it, continued where an earlier try was cut off."""

import argparse
import json

from generality.runtime.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--urls", nargs="+", required=True, help="URL and mirrors of the file, in the order to try them"
    )
    parser.add_argument(
        "--known", required=True, type=json.loads,
        help='JSON: its sha256, md5, bytes, as far as known; such as \'{"md5": "dcc47055e8935767784b7162e7c7cca6"}\'',
    )  # fmt: skip
    parser.add_argument("--output", required=True, help="file to write")
    args = parser.parse_args()

    from generality.data.downloads.download import download

    sha256, md5, size = map(args.known.get, ("sha256", "md5", "bytes"))
    download(args.output, urls=args.urls, sha256=sha256, md5=md5, size=size)


if __name__ == "__main__":
    run(main)
