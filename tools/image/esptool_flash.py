"""Write a .bin to an ESP32 by esptool, and let the chip verify it."""

import subprocess
import sys
from pathlib import Path

from tools.image import esp32_image
from tools.image.boards import Board
from tools.image.errors import ImageError
from tools.image.report import esptool_arguments


def flash(board: Board, image: Path, port: str) -> None:
    """Check the file, write it and verify it; esptool's own words go to the terminal."""
    try:
        esp32_image.read(image.read_bytes(), board)
    except OSError as error:
        raise ImageError(f"image {image}: cannot be read: {error.strerror}") from error
    for command in ("write-flash", "verify-flash"):
        arguments = esptool_arguments(board, image, port, command)
        done = subprocess.run([sys.executable, "-m", "esptool", *arguments])
        if done.returncode:
            raise ImageError(f"esptool {command}: ended with {done.returncode}; see above")
