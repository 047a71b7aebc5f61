"""Folders of the project that the image tools read and write."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
BOARDS_FOLDER = ROOT / "boards"
PACKAGES = ROOT / "build" / "micropython-lib"
IMAGES = ROOT / "build" / "image"
FROZEN = ROOT / "build" / "frozen"
