"""Flashing: over a REPL of MicroPython, onto a drive, through esptool; each with its check."""

import hashlib
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.official_files import FLASH, Esp32, Pico
from tools.image import device, drive, esptool_flash
from tools.image.boards import board
from tools.image.errors import ImageError

PICO, PICO2 = board("METER_RP2040"), board("METER_RP2350")
ESP32, S3 = board("METER_ESP32"), board("METER_ESP32_S3")


def test_no_device_at_the_port(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no MicroPython answers"):
        device.connect(str(tmp_path / "ttyNone"))


MPY = 6 | 3 << 8
RUNS = "Raspberry Pi Pico with RP2040"


@pytest.mark.parametrize(
    ("target", "found", "words"),
    [
        (PICO, ("rp2", (1, 28, 0), MPY, RUNS), ""),
        (PICO, ("rp2", (1, 28, 1), MPY, "Joulegate METER_RP2040 with RP2040"), ""),
        (ESP32, ("esp32", (1, 28, 0), MPY, "Generic ESP32 module with ESP32"), ""),
        (S3, ("esp32", (1, 28, 0), MPY, "Generic ESP32S3 module with ESP32S3"), ""),
        (PICO, ("esp32", (1, 28, 0), MPY, "Generic ESP32 module with ESP32"), "must be rp2"),
        (PICO2, ("rp2", (1, 28, 0), MPY, RUNS), "must have a RP2350"),
        (ESP32, ("esp32", (1, 28, 0), MPY, "Generic ESP32S3 module with ESP32S3"), "a ESP32"),
        (PICO, ("rp2", (1, 27, 0), MPY, RUNS), "runs MicroPython 1.27.0"),
        (PICO, ("rp2", (1, 28, 0), 6 | 2 << 8, RUNS), ".mpy format 6.2"),
    ],
)
def test_the_device_must_be_the_board(target: Any, found: Any, words: str) -> None:
    if not words:
        device.check_identity(target, found)
        return
    with pytest.raises(ImageError, match=words):
        device.check_identity(target, found)


def boot_drive(folder: Path, board_id: str = "RPI-RP2") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "INFO_UF2.TXT").write_text(
        f"UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: {board_id}\r\n")
    return folder


def test_a_uf2_goes_onto_the_drive(tmp_path: Path) -> None:
    image = tmp_path / "joulegate.uf2"
    image.write_bytes(Pico().uf2())
    folder = boot_drive(tmp_path / "drive")
    drive.flash(PICO, image, folder)
    assert (folder / "joulegate.uf2").read_bytes() == image.read_bytes()


@pytest.mark.parametrize(
    ("board_id", "words"),
    [("RP2350", "Board-ID is RP2350, METER_RP2040 must have RPI-RP2"),
     ("", "Board-ID is missing"), (None, "has no INFO_UF2.TXT")],
)
def test_another_drive_is_refused(tmp_path: Path, board_id: str | None, words: str) -> None:
    image = tmp_path / "joulegate.uf2"
    image.write_bytes(Pico().uf2())
    folder = tmp_path / "drive"
    folder.mkdir()
    if board_id is not None:
        boot_drive(folder, board_id)
    with pytest.raises(ImageError, match=words):
        drive.flash(PICO, image, folder)
    assert not (folder / "joulegate.uf2").exists()


def test_an_image_of_another_chip_is_not_copied(tmp_path: Path) -> None:
    image = tmp_path / "joulegate.uf2"
    image.write_bytes(Pico(family=0xE48BFF59).uf2())
    with pytest.raises(ImageError, match="is for RP2350"):
        drive.flash(PICO, image, boot_drive(tmp_path / "drive"))
    with pytest.raises(ImageError, match="cannot be read"):
        drive.flash(PICO, tmp_path / "none.uf2", boot_drive(tmp_path / "drive"))


class Flash:
    """A device that answers the program of `read_back` from an image of its flash."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.ranges: list[tuple[int, int]] = []

    def exec(self, program: str) -> bytes:
        def bytearray_at(address: int, size: int) -> bytes:
            self.ranges.append((address, size))
            return self.data[address - FLASH:address - FLASH + size]

        said: list[str] = []
        names = {"uctypes": SimpleNamespace(bytearray_at=bytearray_at)}
        sys.modules["uctypes"] = names["uctypes"]  # type: ignore[assignment]
        try:
            exec(program, {"print": said.append})
        finally:
            del sys.modules["uctypes"]
        return f"{said[0]}\r\n".encode()


def test_the_program_is_read_back_from_flash(tmp_path: Path) -> None:
    image = tmp_path / "joulegate.uf2"
    image.write_bytes(Pico().uf2())
    device = Flash(Pico().program())
    drive.read_back(PICO, image, device)
    assert device.ranges == [(FLASH, 20 * 1024)]
    with pytest.raises(ImageError, match="flash at 0x10000000, 20480 bytes: what the device"):
        drive.read_back(PICO, image, Flash(bytes(20 * 1024)))


@pytest.fixture
def esptool(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that esptool was called with; a port named "bad" fails to verify."""
    calls: list[list[str]] = []

    def run(command: list[str]) -> SimpleNamespace:
        assert command[:3] == [sys.executable, "-m", "esptool"]
        calls.append(command[3:])
        return SimpleNamespace(returncode=int("bad" in command and "verify-flash" in command))

    monkeypatch.setattr(esptool_flash.subprocess, "run", run)
    return calls


def test_esptool_writes_and_verifies(tmp_path: Path, esptool: list[list[str]]) -> None:
    image = tmp_path / "joulegate.bin"
    image.write_bytes(Esp32().bin())
    before = hashlib.sha256(image.read_bytes()).hexdigest()
    esptool_flash.flash(ESP32, image, "/dev/ttyUSB0")
    common = ["--chip", "esp32", "--port", "/dev/ttyUSB0"]
    assert esptool == [[*common, "write-flash", "0x1000", str(image)],
                       [*common, "verify-flash", "0x1000", str(image)]]
    assert hashlib.sha256(image.read_bytes()).hexdigest() == before
    with pytest.raises(ImageError, match="esptool verify-flash: ended with 1"):
        esptool_flash.flash(ESP32, image, "bad")


def test_esptool_is_not_called_for_a_bad_file(tmp_path: Path, esptool: list[list[str]]) -> None:
    image = tmp_path / "joulegate.bin"
    image.write_bytes(Esp32(chip=9).bin())
    with pytest.raises(ImageError, match="is for ESP32-S3"):
        esptool_flash.flash(ESP32, image, "/dev/ttyUSB0")
    assert esptool == []


def test_esptool_knows_its_commands() -> None:
    for command in ("write-flash", "verify-flash"):
        done = subprocess.run([sys.executable, "-m", "esptool", command, "--help"],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0
