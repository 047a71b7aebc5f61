"""Every board folder is whole, its pins are legal for the chip, and the firmware starts on it."""

import ast
import csv
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.harness.execution import micropython

ROOT = Path(__file__).parents[2]
BOARDS = ROOT / "boards"
COMMON = BOARDS / "common"
RP2 = ("METER_RP2040", "METER_RP2040_W", "METER_RP2350")
ESP32 = ("METER_ESP32", "METER_ESP32_S3")
REAL = (*RP2, *ESP32)
ALL = ("BENCH", *REAL)

PERIPHERALS = {"METER_SPI", "I2C_BUS", "RS485_UART", "MODEM_UART"}
"""The constants of pins.py that number a part of the chip and no pin."""
INPUTS = {
    "METER_MISO", "CALIBRATION", "LOAD_SIDE", "POWER_GOOD", "COVER", "RS485_RX", "MODEM_RX",
    "MODEM_CTS", "PULSE_1", "PULSE_2", "PULSE_3",
}
RELAY = ("RELAY_CLOSE", "RELAY_OPEN")

PICO = set(range(29)) - {23, 24, 25}  # led out by Pico, Pico W and Pico 2 alike
# ESP32 series data sheet, pin overview; 6 to 11 are the flash's, 1 and 3 the console's.
ESP32_PINS = {0, 2, 4, 5, *range(12, 20), *range(21, 24), *range(25, 28), *range(32, 37), 39}
# ESP32-S3 data sheet; 26 to 37 are the flash's and the PSRAM's, 19 and 20 USB's, 43 and 44
# the console's.
ESP32_S3_PINS = {*range(19), 21, *range(38, 43), 45, 46, 47, 48}

CHIPS: dict[str, dict[str, Any]] = {
    # Every pad of the RP2 chips starts as an input with its pull-down on.
    **{board: {"mcu": mcu, "pins": PICO, "straps": {}, "input_only": set(), "high": set()}
       for board, mcu in zip(RP2, ("rp2040", "rp2040", "rp2350"), strict=True)},
    # straps: what may hang on a strapping pin, as its level at reset suits it.
    # high: pins pulled or pulsed high at reset, where a relay line would twitch.
    "METER_ESP32": {
        "mcu": "esp32", "pins": ESP32_PINS, "input_only": {34, 35, 36, 39},
        "straps": {0: None, 2: "MODEM_PWRKEY", 5: "METER_CS", 12: None, 15: "DISPLAY_CS"},
        "high": {0, 1, 3, 5, 14, 15},
    },
    "METER_ESP32_S3": {
        "mcu": "esp32s3", "pins": ESP32_S3_PINS, "input_only": set(),
        "straps": {0: None, 3: None, 45: None, 46: None},
        "high": {0, 18, 19, 20, 39, 43, 44},
    },
}
FLASH_KIB = {"METER_RP2040": 2048, "METER_RP2040_W": 2048, "METER_RP2350": 4096,
             "METER_ESP32": 4096, "METER_ESP32_S3": 8192}
IMAGE_KIB = {"METER_RP2040": 1024, "METER_RP2040_W": 1472, "METER_RP2350": 1024,
             "METER_ESP32": 1728, "METER_ESP32_S3": 1984}
"""Room that a frozen image needs at least: MicroPython's, and 640 KiB for the firmware; on the
ESP32 all there is."""
IMAGE_ROMFS_KIB = {"METER_RP2040": 448, "METER_RP2040_W": 960, "METER_RP2350": 448,
                   "METER_ESP32": 1472, "METER_ESP32_S3": 1728}
"""The same of an image with ROMFS: MicroPython's, and 96 KiB."""
ROMFS_KIB = 512
"""Room for the firmware as .mpy files at least."""
SHIM_PROGRAM = """
import sys
sys.path.append({tests!r})
if {rp2}:
    import fake_rp2
    sys.modules["rp2"] = fake_rp2
import board, boot, pins
from world import wiring
lines = [wiring.net(pin).level for pin in (pins.RELAY_CLOSE, pins.RELAY_OPEN)]
from joulegate.app import App
app = App(board)
app.start()
print(board.NAME, lines, app.state.provisioned, board.mains_good(), app.metering is not None)
"""
BOOT_PROGRAM = """
import os, sys, vfs

class Storage:
    data = bytearray(b"\\xff" * 4096 * 16)
    def readblocks(self, block, buf, offset=0):
        start = block * 4096 + offset
        buf[:] = self.data[start:start + len(buf)]
    def writeblocks(self, block, buf, offset=0):
        start = block * 4096 + offset
        self.data[start:start + len(buf)] = buf
    def ioctl(self, request, argument):
        return {{4: 16, 5: 4096, 6: 0}}.get(request)

class Rp2:
    Flash = Storage

class Esp32:
    class Partition:
        TYPE_DATA = 1
        @staticmethod
        def find(kind, label):
            return [Storage()] if (kind, label) == (1, "vfs") else []

sys.modules["rp2"], sys.modules["esp32"] = Rp2, Esp32
if {formatted}:
    vfs.VfsLfs2.mkfs(Storage(), progsize=256)
before = bytes(Storage.data)
exec(open({boot!r}).read())
print("/flash" in [place for _, place in vfs.mount()], Storage.data == before)
"""


def constants(path: Path) -> dict[str, int]:
    """The pin numbers in a pins.py, those that it takes over whole from pins_rp2.py too."""
    found: dict[str, int] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            found.update(constants(COMMON / f"{node.module}.py"))
        elif isinstance(node, ast.Assign):
            name, value = node.targets[0], node.value
            assert isinstance(name, ast.Name)
            assert name.id not in found, name.id
            number = ast.literal_eval(value)
            if isinstance(number, tuple):
                found.update({f"{name.id}_{i}": pin for i, pin in enumerate(number, 1)})
            else:
                found[name.id] = number
    return found


def pins(board: str) -> dict[str, int]:
    named = constants(BOARDS / board / "pins.py")
    return {name: pin for name, pin in named.items() if name not in PERIPHERALS}


def capabilities(board: str) -> dict[str, bool]:
    for node in ast.parse((BOARDS / board / "board.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CAPABILITIES":
            return ast.literal_eval(node.value)
    raise AssertionError(f"{board}: no CAPABILITIES")


def macro_bytes(board: str, name: str) -> int:
    text = (BOARDS / board / "mpconfigboard.h").read_text()
    found = re.search(rf"^#define {name}\s+\((\d+) \* 1024\)$", text, re.MULTILINE)
    assert found, name
    return int(found[1]) * 1024


def frozen(board: str) -> dict[str, Path]:
    """Run the board's manifest as MicroPython's build does: name on the meter -> file."""
    files: dict[str, Path] = {}

    def add(name: str, file: Path) -> None:
        assert name not in files, f"{name} is frozen twice"
        files[name] = file

    def run(manifest: Path, given: dict[str, Any]) -> None:
        here = manifest.parent
        # Attributes that nobody gave are None, as in tools/manifestfile.py.
        options = SimpleNamespace(port=None, wifi=None)
        options.defaults = lambda **values: vars(options).update({**values, **given})
        vars(options).update(given)

        def include(name: str, **kwargs: Any) -> None:
            if not name.startswith("$"):
                run((here / name).resolve(), kwargs)

        def module(name: str, base_path: str = ".") -> None:
            add(name, here / base_path / name)

        def package(name: str, base_path: str = ".") -> None:
            base = (here / base_path).resolve()
            for file in sorted((base / name).rglob("*.py")):
                add(file.relative_to(base).as_posix(), file)

        def freeze(folder: str, script: str) -> None:
            add(script, Path(folder) / script)

        names: dict[str, Callable[..., Any]] = {
            "include": include, "module": module, "package": package, "freeze": freeze,
            "require": lambda name: add(f"require {name}", Path("$(MPY_LIB_DIR)")),
        }
        exec(compile(manifest.read_text(), manifest, "exec"), {**names, "options": options})

    run(BOARDS / board / "manifest.py", {})
    return files


def partitions(board: str, name: str) -> list[tuple[str, str, str, int, int]]:
    rows = csv.reader(
        line for line in (BOARDS / board / name).read_text().splitlines()
        if line and not line.startswith("#"))
    return [(name, kind, subtype, int(offset, 0), int(size, 0))
            for name, kind, subtype, offset, size in ([c.strip() for c in row] for row in rows)]


def test_every_board_is_tested() -> None:
    folders = {folder.name for folder in BOARDS.iterdir() if (folder / "board.py").exists()}
    assert folders == set(ALL)


@pytest.mark.parametrize("board", REAL)
def test_folder_is_complete(board: str) -> None:
    wanted = {"board.py", "pins.py", "board.json", "mpconfigboard.h", "mpconfigboard.cmake",
              "manifest.py", "pins.csv"}
    if board in ESP32:
        wanted |= {"sdkconfig.board", "partitions.csv", "partitions-romfs.csv"}
    assert {file.name for file in (BOARDS / board).iterdir() if file.is_file()} == wanted


@pytest.mark.parametrize("board", ALL)
def test_capabilities_have_one_form(board: str) -> None:
    flags = capabilities(board)
    assert list(flags) == sorted(capabilities("BENCH"))
    assert all(type(value) is bool for value in flags.values())


@pytest.mark.parametrize("board", REAL)
def test_capabilities_agree_with_the_build(board: str) -> None:
    flags, config = capabilities(board), (BOARDS / board / "mpconfigboard.h").read_text()
    with_romfs = re.search(r"#if JOULEGATE_ROMFS\n(?://.*\n)?#define (\w+) ", config)
    assert flags["romfs"] == (with_romfs is not None and with_romfs[1] == (
        "MICROPY_VFS_ROM" if board in ESP32 else "MICROPY_HW_ROMFS_BYTES"))
    assert flags["ota"] == (board in ESP32)
    features = json.loads((BOARDS / board / "board.json").read_text())["features"]
    assert flags["wifi"] == ("WiFi" in features)
    named = pins(board)
    for flag, pin in (("modem", "MODEM_TX"), ("rs485", "RS485_DE"), ("display", "DISPLAY_CS"),
                      ("fram", "I2C_SDA"), ("load_side", "LOAD_SIDE")):
        assert flags[flag] == (pin in named)


@pytest.mark.parametrize("board", ALL)
def test_a_pin_has_one_use(board: str) -> None:
    numbers = list(pins(board).values())
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("board", REAL)
def test_pins_are_legal(board: str) -> None:
    chip, named = CHIPS[board], pins(board)
    assert set(named.values()) <= chip["pins"]
    for name, pin in named.items():
        if pin in chip["input_only"]:
            assert name in INPUTS, f"{name} on GPIO{pin}, an input"
        if pin in chip["straps"]:
            assert chip["straps"][pin] == name, f"{name} on strapping pin GPIO{pin}"


@pytest.mark.parametrize("board", REAL)
def test_relay_lines_are_low_at_reset(board: str) -> None:
    chip, named = CHIPS[board], pins(board)
    for line in RELAY:
        forbidden = set(chip["straps"]) | chip["high"] | chip["input_only"]
        assert named[line] not in forbidden, line


@pytest.mark.parametrize("board", RP2)
def test_rp2_peripherals_reach_their_pins(board: str) -> None:
    # RP2040 data sheet, section 1.4.3: the functions repeat every 8 (SPI, UART) or 4 (I2C) pins.
    every = constants(BOARDS / board / "pins.py")
    for prefix, roles in (("MODEM", ("TX", "RX", "CTS", "RTS")), ("RS485", ("TX", "RX"))):
        for offset, role in enumerate(roles):
            pin = every[f"{prefix}_{role}"]
            assert pin % 4 == offset and (pin + 4) // 8 % 2 == every[f"{prefix}_UART"]
    for offset, role in ((0, "MISO"), (2, "SCK"), (3, "MOSI")):
        pin = every[f"METER_{role}"]
        assert pin % 4 == offset and pin // 8 % 2 == every["METER_SPI"]
    for offset, role in enumerate(("SDA", "SCL")):
        pin = every[f"I2C_{role}"]
        assert pin % 2 == offset and pin // 2 % 2 == every["I2C_BUS"]


@pytest.mark.parametrize("board", REAL)
def test_pins_csv_agrees(board: str) -> None:
    rows = list(csv.reader((BOARDS / board / "pins.csv").read_text().splitlines()))
    own = {name: cpu for name, cpu in rows if not cpu.startswith("EXT_")}
    assert own == {name: f"GPIO{pin}" for name, pin in pins(board).items()}
    extra = [cpu for _, cpu in rows if cpu.startswith("EXT_")]
    assert extra == ([f"EXT_GPIO{i}" for i in range(3)] if board == "METER_RP2040_W" else [])


@pytest.mark.parametrize("board", REAL)
def test_board_json(board: str) -> None:
    described = json.loads((BOARDS / board / "board.json").read_text())
    assert {"deploy", "docs", "features", "images", "mcu", "product", "thumbnail", "url",
            "vendor"} <= set(described)
    assert described["mcu"] == CHIPS[board]["mcu"]
    offset = {"METER_ESP32": "0x1000", "METER_ESP32_S3": "0"}.get(board)
    assert described.get("deploy_options", {}).get("flash_offset") == offset


@pytest.mark.parametrize("board", RP2)
def test_rp2_flash_adds_up(board: str) -> None:
    romfs = macro_bytes(board, "MICROPY_HW_ROMFS_BYTES")
    storage = macro_bytes(board, "MICROPY_HW_FLASH_STORAGE_BYTES")
    assert romfs % 4096 == storage % 4096 == 0 and storage > 0
    assert romfs >= ROMFS_KIB * 1024
    frozen_KiB = FLASH_KIB[board] - storage // 1024
    with_romfs_KiB = frozen_KiB - romfs // 1024
    assert frozen_KiB >= IMAGE_KIB[board] and with_romfs_KiB >= IMAGE_ROMFS_KIB[board]
    text = (BOARDS / board / "mpconfigboard.h").read_text()
    assert f"MiB: image {frozen_KiB} KiB" in text
    assert f"With ROMFS: image {with_romfs_KiB} KiB, ROMFS {romfs // 1024} KiB" in text


@pytest.mark.parametrize("table_name", ["partitions.csv", "partitions-romfs.csv"])
@pytest.mark.parametrize("board", ESP32)
def test_partition_table_adds_up(board: str, table_name: str) -> None:
    with_romfs = table_name == "partitions-romfs.csv"
    rows = partitions(board, table_name)
    end = 0x9000  # boot loader and the table itself come before
    for name, kind, _, offset, size in rows:
        # Two slots of whole 64 KiB may leave less than both could have.
        spare = offset - end if name == "vfs" and not with_romfs else 0
        assert offset == end + spare and 0 <= spare < 0x20000, f"{name}: gap or overlap"
        assert offset % (0x10000 if kind == "app" else 0x1000) == size % 0x1000 == 0, name
        end = offset + size
    assert end == FLASH_KIB[board] * 1024
    table = {name: (kind, subtype, size) for name, kind, subtype, _, size in rows}
    assert table["otadata"] == ("data", "ota", 0x2000)
    assert table["ota_0"][:2] == ("app", "ota_0") and table["ota_1"][:2] == ("app", "ota_1")
    assert table["ota_0"][2] == table["ota_1"][2]
    assert table["ota_0"][2] >= 1024 * (IMAGE_ROMFS_KIB if with_romfs else IMAGE_KIB)[board]
    assert table["vfs"][0] == "data" and ("romfs" in table) == with_romfs
    if with_romfs:
        assert table["romfs"][0] == "data" and table["romfs"][2] >= ROMFS_KIB * 1024


@pytest.mark.parametrize("board", ESP32)
def test_tables_agree_on_what_is_kept(board: str) -> None:
    """Another kind of image must find the records and the keys where they were."""
    frozen_table, romfs_table = ({row[0]: row for row in partitions(board, name)}
                                 for name in ("partitions.csv", "partitions-romfs.csv"))
    for name in ("nvs", "otadata", "phy_init", "vfs"):
        assert frozen_table[name] == romfs_table[name]


@pytest.mark.parametrize("board", ESP32)
def test_flash_size_is_that_of_the_build(board: str) -> None:
    text = (BOARDS / board / "sdkconfig.board").read_text()
    size = re.search(r"FLASHSIZE_(\d+)MB=y", text)
    assert (int(size[1]) if size else 4) * 1024 == FLASH_KIB[board]  # the port's default is 4


@pytest.mark.parametrize("board", ALL)
def test_manifest_freezes_the_firmware(board: str) -> None:
    files = frozen(board)
    sources = {file.relative_to(ROOT / "firmware").as_posix()
               for file in (ROOT / "firmware").rglob("*.py")}
    assert sources <= set(files)
    assert {"board.py", "pins.py", "require umqtt.simple"} <= set(files)
    assert ("require ssl" in files) == capabilities(board)["wifi"]
    for name, file in files.items():
        assert str(file).startswith("$") or file.is_file(), name


@pytest.mark.parametrize("board", REAL)
def test_modules_of_the_board_are_frozen(board: str) -> None:
    files = frozen(board)
    for name in [n for n, f in files.items() if f.is_file() and BOARDS in f.resolve().parents]:
        for node in ast.parse(files[name].read_text()).body:
            module = getattr(node, "module", None) or ""
            if (COMMON / f"{module}.py").exists():
                assert f"{module}.py" in files, f"{name} imports {module}"


@pytest.mark.parametrize("board", REAL)
def test_nothing_frozen_formats(board: str) -> None:
    files = frozen(board)
    assert files["_boot.py"].resolve().parent.parent == COMMON
    assert not {"inisetup.py", "flashbdev.py", "_boot_fat.py"} & set(files)
    for name, file in files.items():
        if file.is_file():
            assert "mkfs" not in file.read_text(), name


@pytest.mark.parametrize("board", ALL)
def test_files_of_the_meter_compile(board: str) -> None:
    for name, file in frozen(board).items():
        if file.is_file() and BOARDS in file.resolve().parents:
            compile(file.read_text(), name, "exec")
            program = f"compile(open({str(file)!r}).read(), {name!r}, 'exec')"
            subprocess.run([micropython(), "-c", program], check=True, timeout=30)


@pytest.mark.parametrize("board", REAL)
def test_firmware_starts(board: str) -> None:
    folders = [BOARDS / "BENCH/shim", BOARDS / board, COMMON, ROOT / "firmware",
               ROOT / "tools/bench", ROOT / "build/micropython-lib"]
    program = SHIM_PROGRAM.format(tests=str(ROOT / "tests"), rp2=board in RP2)
    done = subprocess.run(
        [micropython(), "-X", "heapsize=4M", "-c", program], cwd=ROOT,
        env={**os.environ, "MICROPYPATH": ":".join([*map(str, folders), ".frozen"])},
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    # Blank storage: not provisioned, metering all the same; an undriven input reads low.
    assert done.stdout.split() == [board, "[0,", "0]", "False", "False", "True"]


@pytest.mark.parametrize("family", ["rp2", "esp32"])
@pytest.mark.parametrize("formatted", [True, False])
def test_boot_mounts_and_never_formats(family: str, formatted: bool) -> None:
    """Blank storage is left as it is, to the byte, and the start goes on."""
    program = BOOT_PROGRAM.format(
        formatted=formatted, boot=str(COMMON / f"boot_{family}" / "_boot.py"))
    done = subprocess.run(
        [micropython(), "-c", program], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr or done.stdout
    assert done.stdout.split() == [str(formatted), "True"]
