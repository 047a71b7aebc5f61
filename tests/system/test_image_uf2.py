"""Official UF2 files are checked to the last block, and joined so that all of both is there."""

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.official_files import FLASH, RP2350, Pico, uf2_block
from tools.image import official, uf2
from tools.image.boards import board
from tools.image.errors import ImageError

PICO, PICO_W, PICO2 = (board(f"METER_{name}") for name in ("RP2040", "RP2040_W", "RP2350"))
STORAGE = bytes(range(256)) * 16 + b"\xff" * 4096 + b"\x01" + b"\xff" * 4095
"""Three blocks, the middle one empty."""


def joined(tmp_path: Path, data: bytes, target: object = PICO) -> bytes:
    file = tmp_path / "official.uf2"
    file.write_bytes(data)
    return official.joined(target, file, STORAGE)  # type: ignore[arg-type]


def flash_of(data: bytes) -> dict[int, bytes]:
    """Read a UF2 by the specification alone: address -> payload."""
    pages = {}
    for at in range(0, len(data), 512):
        words = struct.unpack_from("<8I", data, at)
        assert words[:2] == (0x0A324655, 0x9E5D5157)
        assert struct.unpack_from("<I", data, at + 508) == (0x0AB16F30,)
        assert words[4] == 256 and words[3] not in pages
        pages[words[3]] = data[at + 32:at + 288]
    return pages


def test_the_joined_file_holds_program_and_storage(tmp_path: Path) -> None:
    program = Pico().uf2()
    whole = joined(tmp_path, program)
    pages = flash_of(whole)
    count = len(whole) // 512
    numbers = [struct.unpack_from("<2I", whole, at + 20) for at in range(0, len(whole), 512)]
    assert numbers == [(i, count) for i in range(count)]
    base = FLASH + PICO.storage[0]
    assert {a: p for a, p in pages.items() if a < base} == flash_of(program)
    written = {a - base: p for a, p in pages.items() if a >= base}
    assert sorted({a // 4096 for a in written}) == [0, 2]
    assert all(STORAGE[a:a + 256] == p for a, p in written.items())


def test_the_rp2350_keeps_its_first_block(tmp_path: Path) -> None:
    program = Pico(board="pico2", family=RP2350, storage=PICO2.storage).uf2()
    whole = joined(tmp_path, program, PICO2)
    assert whole[:512] == program[:512] == uf2.e10_block()
    assert struct.unpack_from("<2I", whole, 512 + 20) == (0, len(whole) // 512 - 1)


def renumbered(blocks: list[bytes]) -> bytes:
    return b"".join(block[:20] + struct.pack("<2I", i, len(blocks)) + block[28:]
                    for i, block in enumerate(blocks))


BLOCKS = Pico().blocks()
BIG = Pico(size=656 * 1024)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 bytes, must be 1 to"),
        (b"\x7fELF" * 400, "is none"),
        (Pico().uf2()[:-1], "multiple of 512"),
        (b"".join(BLOCKS[:-1]), "numbered 0 of 80, must be 0 of 79"),
        (b"".join([BLOCKS[1], BLOCKS[0], *BLOCKS[2:]]), "block 0: is numbered 1 of 80"),
        (BLOCKS[0][:508] + b"\0\0\0\0" + b"".join(BLOCKS[1:]), "block 0: its magic"),
        (Pico(family=RP2350).uf2(), "is for RP2350, the board has RP2040"),
        (uf2_block(FLASH, bytes(256), 0, 1, flags=0), "flags are 0x0"),
        (uf2_block(FLASH, bytes(128), 0, 1), "holds 128 bytes"),
        (uf2_block(FLASH + 8, bytes(256), 0, 1), "0x10000008 is no page"),
        (uf2_block(0x20000000, bytes(256), 0, 1), "0x20000000 is no page"),
        (renumbered([*BLOCKS, BLOCKS[3]]), "address 0x10000300 is there twice"),
        (uf2_block(FLASH, bytes(256), 0, 1), "no binary information"),
        (renumbered(BLOCKS[:40]), "nothing at address"),
        (Pico(name="CircuitPython").uf2(), "'CircuitPython', must be MicroPython"),
        (Pico(version="v1.27.0").uf2(), "version v1.27.0, must be v1.28"),
        (Pico(version="v1.28.0-preview.4").uf2(), "version v1.28.0-preview.4"),
        (Pico(board="pico_w").uf2(), "board 'pico_w', METER_RP2040 is 'pico'"),
        (Pico(storage=(1024 * 1024, 1024 * 1024)).uf2(), "storage at 0x100000, 1024 KiB"),
        (Pico(romfs=(768 * 1024, 256 * 1024)).uf2(), "has a ROMFS"),
        (BIG.uf2(), "beyond 0x100a0000 where the storage begins"),
    ],
)
def test_refused(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        joined(tmp_path, data)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="No such file"):
        official.joined(PICO, tmp_path / "none.uf2", STORAGE)


@settings(max_examples=150, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_is_refused_or_whole(tmp_path: Path, data: st.DataObject) -> None:
    """No damage ends in anything but a clear refusal, or a file that the damage left valid."""
    broken = bytearray(Pico().uf2())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(broken) - 1))
        within = data.draw(st.sampled_from([at, at % 32, 512 * (at // 512) + at % 32]))
        broken[within % len(broken)] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(broken)), st.integers(0, len(broken))))
    try:
        whole = joined(tmp_path, bytes(broken[:cut]))
    except ImageError as error:
        assert str(error)
    else:
        assert len(flash_of(whole)) == len(whole) // 512
