"""Official ESP32 files: table, application and chip are checked; the storage goes behind them."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.official_files import GENERIC, Esp32
from tools.image import esp32_image, official
from tools.image.boards import Board, board
from tools.image.errors import ImageError
from tools.image.report import esptool_arguments, next_step

ESP32, S3 = board("METER_ESP32"), board("METER_ESP32_S3")
STORAGE = b"\x11" * 4096 + b"\xff" * 4096 + b"\x22" * 4096 + b"\xff" * 8192


def joined(tmp_path: Path, data: bytes, target: Board = ESP32) -> bytes:
    file = tmp_path / "official.bin"
    file.write_bytes(data)
    return official.joined(target, file, STORAGE)


@pytest.mark.parametrize(
    ("target", "file"), [(ESP32, Esp32()), (S3, Esp32(chip=9, start=0))])
def test_the_joined_file_holds_program_and_storage(
        tmp_path: Path, target: Board, file: Esp32) -> None:
    data = file.bin()
    whole = joined(tmp_path, data, target)
    start = 0x200000 - file.start
    assert whole[:len(data)] == data
    assert set(whole[len(data):start]) == {0xFF}
    assert whole[start:] == STORAGE[:3 * 4096]


def test_a_partition_named_vfs_is_the_storage() -> None:
    rows = (*GENERIC, ("vfs", 1, 0x81, 0x200000, 0x100000))
    table = esp32_image.table_of(Esp32(table=rows).bin(), 0x1000)
    assert esp32_image.storage(table, 4 << 20) == (0x200000, 0x100000)
    assert esp32_image.storage(table[:-1], 4 << 20) == (0x200000, 0x200000)


def test_the_esptool_line() -> None:
    assert esptool_arguments(S3, Path("a.bin"), "/dev/ttyACM0", "write-flash") == [
        "--chip", "esp32s3", "--port", "/dev/ttyACM0", "write-flash", "0x0", "a.bin"]
    assert next_step(ESP32, Path("a.bin").resolve()) == (
        "esptool --chip esp32 --port PORT write-flash 0x1000 a.bin")


WHOLE = Esp32().bin()
NO_APP = (GENERIC[0], GENERIC[1])
OTHER = (*GENERIC[:2], ("factory", 0, 0, 0x10000, 0x1D0000))
SMALL = (*GENERIC[:2], ("factory", 0, 0, 0x10000, 0x1000), ("vfs", 1, 0x81, 0x11000, 0x1000))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 bytes, must be 1 to"),
        (b"\x7fELF" * 9999, "no image for an ESP32"),
        (Esp32(chip=9, start=0).bin(), "is for ESP32-S3, the board has ESP32"),
        (Esp32(app_chip=9).bin(), "factory: is for ESP32-S3"),
        (WHOLE[:0x6000], "no MD5: the file is cut short"),
        (WHOLE[:0x7020], "no MD5: the file is cut short"),
        (WHOLE[:-100], "cut short"),
        (WHOLE[:-1] + b"\0", "SHA-256 is wrong"),
        (WHOLE[:-60] + b"\0" + WHOLE[-59:], "checksum is wrong"),
        (WHOLE[:0x7000] + bytes(32) + WHOLE[0x7020:], "no partition table at 0x8000"),
        (Esp32(md5=bytes(16)).bin(), "MD5 of the partition table is wrong"),
        (Esp32(table=NO_APP).bin(), "names no application"),
        (Esp32(table=OTHER).bin(), "storage at 0x1e0000, 2176 KiB"),
        (Esp32(table=SMALL).bin(), "cut short"),
        (Esp32(version="v1.27.0").bin(), "version v1.27.0"),
        (Esp32(version="x1.28.0").bin(), "banner is not in"),
        (WHOLE + b"\xff" * 0x200000, "beyond 2093056 where the storage begins"),
    ],
)
def test_refused(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        joined(tmp_path, data)


@settings(max_examples=150, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_is_refused_or_whole(tmp_path: Path, data: st.DataObject) -> None:
    """No damage ends in anything but a clear refusal, or a file that the damage left valid."""
    broken = bytearray(WHOLE)
    places = st.one_of(
        st.integers(0, 63), st.integers(0x7000, 0x70A0), st.integers(0xF000, 0xF040),
        st.integers(0, len(broken) - 1))
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(places)] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(broken)), st.integers(0, len(broken))))
    try:
        whole = joined(tmp_path, bytes(broken[:cut]))
    except ImageError as error:
        assert str(error)
    else:
        assert len(whole) == 0x200000 - 0x1000 + 3 * 4096
