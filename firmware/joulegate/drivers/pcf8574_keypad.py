"""Keys of 3 by 4 on an I2C expander PCF8574, or PCA8574 where the bus runs at 400 kHz.

Source: NXP PCF8574 data sheet, quasi-bidirectional port (section 8.1): a bit written 1 is an
input held high by 100 microamperes, one written 0 is driven low; at power-on all are 1. Rows are
P0 to P3, columns P4 to P6. P7 is no part of the matrix and sinks a lamp's current, so low is on.
"""

from micropython import const

ADDRESS = const(0x20)

_ROWS = const(0x0F)
_COLUMNS = const(0x70)
_LAMP = const(0x80)
_ROW_COUNT = const(4)
_COLUMN_COUNT = const(3)
_FIRST_COLUMN = const(4)


class Pcf8574Keypad:
    def __init__(self, i2c: object, address: int = ADDRESS) -> None:
        """i2c: a machine.I2C. Touches nothing."""
        self._i2c = i2c
        self._address = address
        self._byte = bytearray(1)
        self._lamp_off = _LAMP

    def start(self) -> None:
        """Make ready to see any key; OSError when the part does not answer."""
        self._write(_COLUMNS)

    def scan(self) -> int:
        """Look once; return bit i for key i, row by row, that closes. OSError.

        While no key is down that is one byte read: all rows are low, and no column follows.
        """
        found = self._read()
        if found & _ROWS:
            self.start()  # the part has lost its supply meanwhile
            found = self._read()
        if found & _COLUMNS == _COLUMNS:
            return 0
        keys = 0
        for row in range(_ROW_COUNT):
            self._write(_COLUMNS | _ROWS & ~(1 << row))
            low = ~self._read() >> _FIRST_COLUMN & (1 << _COLUMN_COUNT) - 1
            keys |= low << row * _COLUMN_COUNT
        self.start()
        return keys

    def lamp(self, on: bool) -> None:
        """Switch the lamp at P7, as a call of a Pin does. OSError."""
        self._lamp_off = 0 if on else _LAMP
        self.start()

    def _write(self, levels: int) -> None:
        self._byte[0] = levels | self._lamp_off
        self._i2c.writeto(self._address, self._byte)

    def _read(self) -> int:
        self._i2c.readfrom_into(self._address, self._byte)
        return self._byte[0]


def find(i2c: object) -> "Pcf8574Keypad | None":
    """Return the keypad's driver, started, or None where no part answers at its address."""
    keypad = Pcf8574Keypad(i2c)
    try:
        keypad.start()
    except OSError:
        return None
    return keypad
