"""The settings by which Sphinx builds these pages as a site: `make docs`."""

import tomllib
from pathlib import Path

project = "Speciality vs Generality"
author = "The Speciality vs Generality authors"
release = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())["project"]["version"]
extensions = ["myst_parser"]
myst_heading_anchors = 3  # as on GitHub, where the same pages are read
html_theme = "furo"
html_title = f"{project} {release}"
smartquotes = False  # they would make one dash of the two of an option
