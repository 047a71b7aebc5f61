"""The keypad's driver: bounces, ghosts, two keys, keys that stick; and its model as wires."""

import unittest

from joulegate.drivers.keypad import (
    KEYS,
    LOOK_MS,
    NO_KEY,
    SCANS,
    STUCK_MS,
    Keypad,
)
from joulegate.drivers.matrix_keypad import MatrixKeypad
from joulegate.drivers.pcf8574_keypad import Pcf8574Keypad
from joulegate.drivers.pcf8574_keypad import find as find_keypad


class Pad:
    """Keys that a test holds down, without bounce, and a driver that looks at them."""

    def __init__(self, held=""):
        self.ms = 0
        self.error = None
        self.hold(held)
        self.keypad = Keypad(self.scan, lambda: self.ms, lambda end, start: end - start)
        self.started = self.look(10)

    def scan(self):
        if self.error is not None:
            raise self.error
        return self.down

    def hold(self, keys):
        self.down = 0
        for key in keys:
            self.down |= 1 << KEYS.index(key)

    def look(self, times=6):
        """Look so often; return the keys that went down."""
        found = ""
        for _ in range(times):
            self.ms += LOOK_MS
            number = self.keypad.look()
            if number != NO_KEY:
                found += KEYS[number]
        return found

    def pressed(self, *held):
        """Hold these sets of keys one after the other, then none; return what went down."""
        found = ""
        for keys in held + ("",):
            self.hold(keys)
            found += self.look()
        return found


class Debouncing(unittest.TestCase):

    def setUp(self):
        self.pad = Pad()

    def test_each_key_counts_once(self):
        for key in KEYS:
            self.assertEqual(self.pad.pressed(key, key, key), key)

    def test_three_equal_looks(self):
        pad = self.pad
        pad.hold("5")
        self.assertEqual(pad.look(SCANS - 1), "")
        self.assertEqual(pad.look(1), "5")
        self.assertEqual(pad.look(50), "")

    def test_bounces(self):
        pad = self.pad
        for keys in ("5", "", "5", "5", "", "5", ""):
            pad.hold(keys)
            self.assertEqual(pad.look(1), "")
        pad.hold("5")
        self.assertEqual(pad.look(), "5")
        for keys in ("", "5", "", "", "5", "5"):
            pad.hold(keys)
            self.assertEqual(pad.look(1), "")
        pad.hold("")
        self.assertEqual(pad.look(), "")

    def test_the_next_key_while_the_first_is_down(self):
        self.assertEqual(self.pad.pressed("1", "12", "2", "29", "9"), "129")

    def test_two_at_once_mean_nothing(self):
        self.assertEqual(self.pad.pressed("12", "1"), "")
        self.assertEqual(self.pad.pressed("1"), "1")

    def test_a_rectangle_means_nothing_until_all_are_up(self):
        # 1, 2 and 4 close 5 as well.
        self.assertEqual(self.pad.pressed("1", "12", "1245", "124", "1", "13"), "12")
        self.assertEqual(self.pad.pressed("7"), "7")

    def test_a_ghost_that_comes_late(self):
        """Its path leads over three contacts, so it may close after the key that makes it."""
        self.assertEqual(self.pad.pressed("1", "12", "124", "1245", "124", "1"), "124")

    def test_every_rectangle(self):
        for top in range(3):
            for bottom in range(top + 1, 4):
                for left in range(2):
                    for right in range(left + 1, 3):
                        corners = [3 * row + column for row in (top, bottom)
                                   for column in (left, right)]
                        first, second, _, _ = corners
                        found = self.pad.pressed(
                            KEYS[first], KEYS[first] + KEYS[second],
                            "".join([KEYS[i] for i in corners]))
                        self.assertEqual(found, KEYS[first] + KEYS[second])

    def test_three_keys_of_a_row_are_no_rectangle(self):
        self.assertEqual(self.pad.pressed("1", "12", "123"), "123")

    def test_a_key_that_sticks_leaves_the_others(self):
        pad = self.pad
        pad.hold("3")
        self.assertEqual(pad.look(), "3")
        pad.look(STUCK_MS // LOOK_MS)
        self.assertEqual(pad.keypad.stuck, 4)
        self.assertEqual(pad.pressed("38", "3", "31", "3", "3"), "81")
        self.assertEqual(pad.keypad.stuck, 0)
        self.assertEqual(pad.pressed("3"), "3")

    def test_what_is_down_at_the_start_is_no_press(self):
        pad = Pad("7")
        self.assertEqual(pad.started, "")
        self.assertEqual(pad.pressed(""), "")
        self.assertEqual(pad.pressed("7"), "7")

    def test_a_part_that_does_not_answer(self):
        pad = self.pad
        pad.hold("7")
        pad.look()
        pad.error = OSError(19)
        with self.assertRaises(OSError):
            pad.look(1)
        pad.error = None
        self.assertEqual(pad.look(20), "")  # it may have been down all the time
        self.assertEqual(pad.pressed("", "8"), "8")


class Expander:
    """An I2C bus with a PCF8574 on it, after the data sheet, and its keys as wires."""

    def __init__(self):
        self.latch = 0xFF
        self.closed = ()
        self.transfers = 0
        self.error = None

    def writeto(self, address, data):
        self._transfer(address)
        for byte in data:
            self.latch = byte
        return len(data)

    def readfrom_into(self, address, data):
        self._transfer(address)
        data[0] = self.levels()

    def _transfer(self, address):
        if address != 0x20 or self.error is not None:
            raise self.error or OSError(19)
        self.transfers += 1

    def levels(self):
        levels = self.latch
        for _ in range(12):
            for key in self.closed:
                row = 1 << key // 3
                column = 16 << key % 3
                if not levels & row or not levels & column:
                    levels &= ~(row | column)
        return levels


def bits(*keys):
    found = 0
    for key in keys:
        found |= 1 << key
    return found


class OnTheExpander(unittest.TestCase):

    def setUp(self):
        self.bus = Expander()
        self.keypad = find_keypad(self.bus)

    def test_not_there(self):
        self.bus.error = OSError(19)
        self.assertEqual(find_keypad(self.bus), None)

    def test_every_key(self):
        for key in range(12):
            self.bus.closed = (key,)
            self.assertEqual(self.keypad.scan(), 1 << key)

    def test_two_keys(self):
        for a in range(12):
            for b in range(a):
                self.bus.closed = (a, b)
                self.assertEqual(self.keypad.scan(), bits(a, b))

    def test_three_corners_look_like_four(self):
        self.bus.closed = (0, 1, 3)
        self.assertEqual(self.keypad.scan(), bits(0, 1, 3, 4))

    def test_one_byte_while_nobody_types(self):
        self.bus.closed = (5,)
        self.keypad.scan()
        self.bus.closed = ()
        before = self.bus.transfers
        for _ in range(10):
            self.assertEqual(self.keypad.scan(), 0)
        self.assertEqual(self.bus.transfers - before, 10)

    def test_it_has_lost_its_supply(self):
        self.bus.latch = 0xFF
        self.bus.closed = (2,)
        self.assertEqual(self.keypad.scan(), bits(2))

    def test_lamp(self):
        self.assertEqual(self.bus.latch & 0x80, 0x80)
        self.keypad.lamp(True)
        self.assertEqual(self.bus.latch & 0x80, 0)
        self.bus.closed = (2,)
        self.assertEqual(self.keypad.scan(), bits(2))
        self.assertEqual(self.bus.latch & 0x80, 0)
        self.keypad.lamp(False)
        self.assertEqual(self.bus.latch & 0x80, 0x80)

    def test_other_address(self):
        keypad = Pcf8574Keypad(self.bus, 0x21)
        with self.assertRaises(OSError):
            keypad.scan()


class OnPins(unittest.TestCase):

    def test_every_key(self):
        levels = [1] * 7
        closed = []

        def row(i):
            def write(level):
                levels[i] = level
            return write

        def column(i):
            return lambda: 0 if any([k % 3 == i and not levels[k // 3] for k in closed]) else 1

        waits = []
        keypad = MatrixKeypad(
            tuple([row(i) for i in range(4)]), tuple([column(i) for i in range(3)]), waits.append)
        self.assertEqual(keypad.scan(), 0)
        for key in range(12):
            closed[:] = [key]
            self.assertEqual(keypad.scan(), 1 << key)
        closed[:] = [1, 11]
        self.assertEqual(keypad.scan(), bits(1, 11))
        self.assertEqual(levels[:4], [1, 1, 1, 1])
        self.assertTrue(min(waits) > 0)


if __name__ == "__main__":
    unittest.main()
