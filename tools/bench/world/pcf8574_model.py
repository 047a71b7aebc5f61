"""Model of the PCF8574, a port of eight bits on I2C, with what is wired to it.

Source: NXP PCF8574 data sheet: quasi-bidirectional port, write and read mode, power-on reset. A
bit written 1 is held high weakly and can be pulled down from outside; one written 0 is driven
low. Each byte of a write is latched in turn; each byte of a read is the port as it is then. At
power-on all bits are 1.
"""


class Pcf8574Model:
    def __init__(self, wires: object) -> None:
        """wires: answers pulled_down(low), the set of wires, by bit number, that are low when
        those of `low` are driven so."""
        self._wires = wires
        self.latch = 0xFF
        self.writes = 0
        self.reads = 0

    def power_off(self) -> None:
        """Lose what was latched."""
        self.latch = 0xFF

    def write(self, data: bytes) -> None:
        for byte in data:
            self.latch = byte
            self.writes += 1

    def readinto(self, buf: bytearray) -> None:
        for i in range(len(buf)):
            buf[i] = self.levels()
            self.reads += 1

    def levels(self) -> int:
        """Return the levels at the eight pins."""
        driven = {bit for bit in range(8) if not self.latch >> bit & 1}
        levels = 0xFF
        for bit in self._wires.pulled_down(driven):
            levels &= ~(1 << bit)
        return levels
