"""Images come out the same twice, and MicroPython mounts them and imports what is in them."""

import hashlib
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from littlefs import LittleFS

from tests.harness.execution import micropython
from tests.official_files import RP2350, Pico
from tools.image import build, compiler, filesystems, layout, ram
from tools.image.boards import BOARDS, Board, board
from tools.image.compiler import File
from tools.image.errors import ImageError
from tools.image.profiles import LEFT_OUT, Profile

ROOT = Path(__file__).parents[2]
REAL = list(BOARDS.values())
# One worker a board, so that it is compiled once.
TARGETS = [pytest.param(one, id=one.name, marks=pytest.mark.xdist_group(f"image-{one.name}"))
           for one in REAL]
PICO, PICO2 = BOARDS["METER_RP2040"], BOARDS["METER_RP2350"]
TOO_SMALL = ("METER_RP2040", "METER_RP2040_W")
"""Boards whose storage beside official MicroPython does not hold the files: a block a file."""
ROOMY = [param for param in TARGETS if param.id not in TOO_SMALL]
# The modules of the image alone, with the bench's machine and time in place of a board's.
SHIMS = ":".join([str(ROOT / "boards/BENCH/shim"), str(ROOT / "tools/bench"), ".frozen"])

MOUNT_LITTLEFS = """
class Storage:
    def __init__(self, data):
        self.data = data
    def readblocks(self, block, buf, offset=0):
        start = block * 4096 + offset
        buf[:] = self.data[start:start + len(buf)]
    def writeblocks(self, block, buf, offset=0):
        start = block * 4096 + offset
        self.data[start:start + len(buf)] = buf
    def ioctl(self, request, argument):
        return {4: len(self.data) // 4096, 5: 4096, 6: 0}.get(request)
vfs.mount(vfs.VfsLfs2(Storage(bytearray(data)), progsize=PROGRAM), "/image")
assert os.listdir("/image/flash") == []
with open("/image/flash/record", "w") as file:
    file.write("kept")
assert open("/image/flash/record").read() == "kept"
"""
MOUNT_ROMFS = """
vfs.mount(vfs.VfsRom(memoryview(data)), "/image")
"""
IMPORT = """
import hashlib
from binascii import hexlify
def tree(folder):
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] == 0x4000:
            tree(path)
        elif "/flash/" not in path:
            with open(path, "rb") as file:
                print(path[7:], hexlify(hashlib.sha256(file.read()).digest()).decode())
tree("/image")
import sys
sys.path[:0] = ["/image", "/image/lib"]
import image_profile, pins, umqtt.simple
from joulegate import app
assert app.__file__ == "/image/joulegate/app.mpy", app.__file__
print("profile", image_profile.NAME)
"""


@cache
def files_of(target: Board, profile: Profile) -> list[File]:
    """What is compiled for a board: once for all tests of a worker."""
    return compiler.files(target, profile)


def storage_of(target: Board) -> bytes:
    files = files_of(target, Profile.DEVELOPMENT)
    return filesystems.littlefs(files, target.storage[1], target.program)


def romfs_of(target: Board) -> bytes:
    files = files_of(target, Profile.PRODUCTION)
    return filesystems.romfs(files, layout.romfs(target)[1])


def run_on(image: bytes, folder: Path, mount: str) -> dict[str, str]:
    """Mount an image under MicroPython; return the SHA-256 of its files, and the profile."""
    file = folder / "image.bin"
    file.write_bytes(image)
    program = f"import os, vfs\ndata = open({str(file)!r}, 'rb').read()\n{mount}{IMPORT}"
    done = subprocess.run(
        [micropython(), "-X", "heapsize=32m", "-c", program], capture_output=True, text=True,
        env={**os.environ, "MICROPYPATH": SHIMS}, timeout=60)
    assert done.returncode == 0, done.stderr or done.stdout
    return dict(line.split() for line in done.stdout.splitlines())


def hashes(files: list[File]) -> dict[str, str]:
    return {file.path: hashlib.sha256(file.data).hexdigest() for file in files}


@pytest.mark.parametrize("target", TARGETS)
def test_two_builds_are_the_same_to_the_byte(target: Board) -> None:
    for profile in Profile:
        assert compiler.files(target, profile) == files_of(target, profile)
    assert romfs_of(target) == romfs_of(target)


@pytest.mark.parametrize("target", ROOMY)
def test_two_file_systems_are_the_same_to_the_byte(target: Board) -> None:
    assert storage_of(target) == storage_of(target)


@pytest.mark.parametrize("target", TARGETS)
def test_images_have_the_layout_and_no_trace_of_this_machine(target: Board) -> None:
    images = [romfs_of(target)]
    assert images[0].startswith(b"\xd2\xcd\x31")
    assert sum(target.storage) == target.flash
    if target.name not in TOO_SMALL:
        images.append(storage_of(target))
        assert len(images[1]) == target.storage[1]
    for image in images:
        assert str(ROOT).encode() not in image and b"/tmp" not in image
    for file in files_of(target, Profile.PRODUCTION):
        assert file.path in ("boot.py", "main.py") or file.data[:2] == compiler.MPY_HEADER


@pytest.mark.parametrize("target", ROOMY)
def test_littlefs_is_read_back_and_imported(target: Board, tmp_path: Path) -> None:
    files = files_of(target, Profile.DEVELOPMENT)
    image = storage_of(target)
    fs = LittleFS(block_size=4096, block_count=len(image) // 4096, prog_size=target.program,
                  mount=False)
    fs.context.buffer = bytearray(image)
    fs.mount()
    assert fs.listdir("flash") == []
    for file in files:
        with fs.open(file.path, "rb") as source:
            assert source.read() == file.data
    mount = MOUNT_LITTLEFS.replace("PROGRAM", str(target.program))
    found = run_on(image, tmp_path, mount)
    assert found.pop("profile") == "development"
    assert found == hashes(files)


@pytest.mark.parametrize("target", TARGETS)
def test_romfs_is_mounted_and_imported(target: Board, tmp_path: Path) -> None:
    found = run_on(romfs_of(target), tmp_path, MOUNT_ROMFS)
    assert found.pop("profile") == "production"
    assert found == hashes(files_of(target, Profile.PRODUCTION))


def test_profiles_differ_by_what_the_table_names() -> None:
    for target in REAL:
        smaller = {file.path for file in files_of(target, Profile.DEVELOPMENT)}
        whole = {file.path for file in files_of(target, Profile.PRODUCTION)}
        assert whole - smaller == {
            name.replace(".py", ".mpy") for name in LEFT_OUT[target.family]}
        assert smaller <= whole and "_boot.mpy" not in whole


def test_ram_is_counted_by_module_in_use() -> None:
    files = files_of(PICO, Profile.DEVELOPMENT)
    found = ram.by_module(files)
    assert 500 < found["joulegate/core/account.mpy"] < 8000
    session = "joulegate/link/mqtt/session.mpy"
    assert session not in found  # only with link settings
    assert session in ram.by_module(files, link=True)
    assert 60_000 < sum(found.values()) < 260_000
    cipher = "joulegate/vending/misty1.mpy"
    assert cipher not in found  # only with a decoder key
    assert cipher in ram.by_module(files, keys=True)


def test_too_much_ram_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="leaves .*% of the 241776 .* must leave 90%"):
        build.development(PICO, tmp_path / "out", None, 0.9)
    assert not (tmp_path / "out").exists()
    assert ram.free_part(PICO, 100_000) == pytest.approx(1 - (100_000 + ram.RUNNING) / 241776)


def test_a_romfs_larger_than_its_partition_is_refused() -> None:
    files = [File("a.mpy", bytes(1000), "")]
    with pytest.raises(ImageError, match="bytes, more than the partition's 1000"):
        filesystems.romfs(files, 1000)


@pytest.mark.parametrize("name", TOO_SMALL)
def test_a_board_too_small_for_the_files_is_told(name: str) -> None:
    with pytest.raises(ImageError, match="littlefs: the files do not fit .*: build it frozen"):
        storage_of(BOARDS[name])


def test_a_littlefs_larger_than_its_partition_is_refused() -> None:
    files = [File("a.mpy", bytes(80_000), "")]
    with pytest.raises(ImageError, match="do not fit 65536 bytes"):
        filesystems.littlefs(files, 65536, 256)


def test_code_that_does_not_compile_is_refused() -> None:
    words = r'(?s)a\.py: does not compile: .*"a\.py", line 1.*SyntaxError'
    with pytest.raises(ImageError, match=words):
        compiler.compile_mpy("a.py", "x = = 1\n", "armv6m")


def test_native_code_is_of_the_boards_architecture() -> None:
    text = "import micropython\n@micropython.native\ndef f(a):\n    return a + 1\n"
    found = {compiler.compile_mpy("a.py", text, one.march)[2] >> 2 for one in REAL}
    assert found == {4, 7, 10}  # armv6m, armv7emsp, xtensawin: py/persistentcode.h
    native = File("a.mpy", compiler.compile_mpy("a.py", text, "armv6m"), text)
    assert native.native and not files_of(PICO, Profile.DEVELOPMENT)[0].native


def tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tools.image", *arguments], cwd=ROOT,
                          capture_output=True, text=True, timeout=120)


def test_the_command_line(tmp_path: Path) -> None:
    official = tmp_path / "official.uf2"
    official.write_bytes(Pico(board="pico2", family=RP2350, storage=PICO2.storage).uf2())
    done = tool("build", PICO2.name, "--micropython", str(official), "--out",
                str(tmp_path / "out"), "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["refused"] == "" and [one["profile"] for one in made["built"]] == ["development"]
    for image in made["built"][0]["images"]:
        data = Path(image["file"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (image["bytes"], image["sha256"])
    assert sorted(os.listdir(tmp_path / "out")) == ["joulegate.uf2", "littlefs.bin"]


def test_the_table(tmp_path: Path) -> None:
    done = tool("build", "METER_RP2350", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert re.search(r"joulegate/app\.mpy +│ +[\d,]+ │ +[\d,]+ │", done.stdout)
    assert "stays free" in done.stdout and "mpremote romfs deploy" in done.stdout
    assert sorted(os.listdir(tmp_path)) == ["littlefs.bin", "romfs.bin"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["build", "BENCH"], "board BENCH: it is simulated"),
        (["build", "PICO"], "board 'PICO': must be one of METER_RP2040,"),
        (["build", "METER_RP2350", "--micropython", "nowhere.uf2"], "cannot be read"),
        (["build", "METER_RP2040", "--profile", "production", "--micropython", "a.uf2"],
         "an official MicroPython has no ROMFS, and its _boot.py reformats"),
        (["build", "METER_ESP32", "--profile", "development", "--heap-free", "90"],
         "must leave 90%"),
        (["flash", "METER_RP2040"], "needs --port, or --drive"),
        (["flash", "METER_RP2040", "--port", "a", "--image", "b.uf2"], "name it by --drive"),
        (["flash", "METER_RP2040", "--drive", "a"], "needs --image"),
        (["flash", "METER_ESP32", "--drive", "a"], "has no UF2 drive"),
    ],
)
def test_refusals_of_the_command_line(arguments: list[str], words: str) -> None:
    done = tool(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and words in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_every_board_has_a_folder() -> None:
    for name in BOARDS:
        assert board(name).name == name and (ROOT / "boards" / name / "board.py").is_file()
