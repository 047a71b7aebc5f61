# heapsize: 4M
"""What a board finds to keep its keys in: an element, NVS that is encrypted, or nothing."""

import os
import sys
import time
import unittest

import fake_rp2

import pins
from joulegate.drivers.atecc608 import Atecc608
from joulegate.drivers.atecc608_setup import CONSENT, set_up
from world import bench_clock, wiring
from world.atecc608_model import Atecc608Model

ELEMENT = object()


class Partition:
    """A partition that shows what was written into it, or nothing of it when encrypted."""

    TYPE_DATA = 1
    flash = bytearray(b"\xff" * 0x4000)

    @staticmethod
    def find(kind, label):
        return [Partition()] if (kind, label) == (1, "nvs") and Partition.flash else []

    def info(self):
        return 1, 2, 0x9000, len(self.flash), "nvs", False

    def readblocks(self, block, buffer, offset):
        start = 4096 * block + offset
        buffer[:] = self.flash[start:start + len(buffer)]


class Nvs:
    encrypted = False
    at = 0
    broken = False

    def __init__(self, namespace):
        if Nvs.broken:
            raise OSError(-0x1101, "ESP_ERR_NVS_NOT_INITIALIZED")
        entry = bytes(8) + namespace.encode() + bytes(15)
        if Nvs.encrypted:
            entry = bytes([byte ^ 0x5A for byte in entry])
        Partition.flash[Nvs.at:Nvs.at + 32] = entry[:32]


class Esp32:
    NVS = Nvs
    Partition = Partition


class Parts:
    element = None

    @staticmethod
    def secure_element():
        return Parts.element


class Choice(unittest.TestCase):

    def setUp(self):
        self.kept = {name: sys.modules.get(name) for name in ("esp32", "meter_parts")}
        sys.modules["esp32"], sys.modules["meter_parts"] = Esp32, Parts
        sys.path.append("boards/common")
        sys.modules.pop("key_storage_esp32", None)
        import key_storage_esp32
        self.board = key_storage_esp32
        Partition.flash = bytearray(b"\xff" * 0x4000)
        Parts.element = None
        Nvs.encrypted = Nvs.broken = False

    def tearDown(self):
        sys.path.remove("boards/common")
        del sys.modules["key_storage_esp32"]
        for name, module in self.kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module

    def test_nvs_in_clear_protects_nothing(self):
        for at in (0, 64, 480, 4096 - 32, 0x4000 - 32):
            Nvs.at = at
            Partition.flash = bytearray(b"\xff" * 0x4000)
            self.assertEqual(self.board.key_storage(), None)

    def test_nvs_that_shows_nothing(self):
        Nvs.encrypted = True
        self.assertTrue(isinstance(self.board.key_storage(), Nvs))

    def test_an_element_comes_first(self):
        Nvs.encrypted = True
        Parts.element = ELEMENT
        self.assertTrue(self.board.key_storage() is ELEMENT)

    def test_no_nvs(self):
        Nvs.broken = True
        self.assertEqual(self.board.key_storage(), None)
        Partition.flash = b""
        self.assertEqual(self.board.key_storage(), None)


class Boards(unittest.TestCase):
    """The files of the real boards, on the bench's chip."""

    def setUp(self):
        sys.path.append("boards/common")
        sys.modules["rp2"] = fake_rp2

    def tearDown(self):
        sys.path.remove("boards/common")
        del sys.modules["rp2"]
        wiring.clear()

    def names(self, board):
        found = {}
        with open("boards/%s/board.py" % board) as f:
            exec(f.read(), found)
        return found

    def test_each_has_its_own(self):
        import key_storage_esp32
        import meter_parts
        for board, function in (
                ("METER_RP2040", meter_parts.secure_element),
                ("METER_RP2040_W", meter_parts.secure_element),
                ("METER_RP2350", meter_parts.secure_element),
                ("METER_ESP32", key_storage_esp32.key_storage),
                ("METER_ESP32_S3", key_storage_esp32.key_storage)):
            self.assertTrue(self.names(board)["key_storage"] is function, board)

    def test_an_element_on_the_bus_of_a_board(self):
        board = self.names("METER_RP2040")
        self.assertEqual(board["key_storage"](), None)
        chip = Atecc608Model(bench_clock.now_us)
        wiring.wire_i2c(pins.I2C_BUS, 0x60, chip)
        wiring.wire_pin(pins.I2C_SDA, chip.sda, 1)
        with self.assertRaises(RuntimeError):
            board["key_storage"]()
        set_up(Atecc608(board["i2c"](), board["wake_element"], time.sleep_ms), os.urandom,
               CONSENT)
        self.assertEqual(board["key_storage"]().counter(0), 0)


if __name__ == "__main__":
    unittest.main()
