"""machine.I2C of the BENCH board: a master on the netlist's buses.

An address nobody answers gives OSError(ENODEV), as on the ESP32.
"""

from errno import ENODEV

from world import wiring

_FREQ_MAX = 1_000_000


class I2C:
    """I2C(id, *, scl, sda, freq, timeout)."""

    def __init__(self, id: int, *, scl: object = None, sda: object = None, freq: int = 400_000,
                 timeout: int = 50_000) -> None:
        if id not in (0, 1):
            raise ValueError("I2C(%r) doesn't exist" % (id,))
        if not 1 <= freq <= _FREQ_MAX:
            raise ValueError("I2C freq is %r: must be 1 to %d" % (freq, _FREQ_MAX))
        self._id = id
        self._freq = freq

    def scan(self) -> list:
        """Return the addresses, 0x08 to 0x77, that answer."""
        return [a for a in range(0x08, 0x78) if wiring.i2c_device(self._id, a) is not None]

    def writeto(self, addr: int, buf: bytes, stop: bool = True) -> int:
        """Write; returns the number of bytes acknowledged."""
        acknowledged = self._device(addr).write(buf)
        return len(buf) if acknowledged is None else acknowledged

    def writevto(self, addr: int, vector: tuple | list, stop: bool = True) -> int:
        return self.writeto(addr, b"".join(bytes(part) for part in vector), stop)

    def readfrom_into(self, addr: int, buf: bytearray, stop: bool = True) -> None:
        self._device(addr).readinto(buf)

    def readfrom(self, addr: int, nbytes: int, stop: bool = True) -> bytes:
        buf = bytearray(nbytes)
        self.readfrom_into(addr, buf)
        return bytes(buf)

    def readfrom_mem_into(self, addr: int, memaddr: int, buf: bytearray, *,
                          addrsize: int = 8) -> None:
        self.writeto(addr, _memory_address(memaddr, addrsize), False)
        self.readfrom_into(addr, buf)

    def readfrom_mem(self, addr: int, memaddr: int, nbytes: int, *, addrsize: int = 8) -> bytes:
        buf = bytearray(nbytes)
        self.readfrom_mem_into(addr, memaddr, buf, addrsize=addrsize)
        return bytes(buf)

    def writeto_mem(self, addr: int, memaddr: int, buf: bytes, *, addrsize: int = 8) -> None:
        self.writeto(addr, _memory_address(memaddr, addrsize) + bytes(buf))

    def _device(self, address: int) -> object:
        device = wiring.i2c_device(self._id, address)
        if device is None:
            raise OSError(ENODEV)
        return device

    def __repr__(self) -> str:
        return "I2C(%d, freq=%d)" % (self._id, self._freq)


def _memory_address(memaddr: int, addrsize: int) -> bytes:
    if addrsize not in (8, 16, 24, 32):
        raise ValueError("invalid addrsize %r: must be 8, 16, 24 or 32" % (addrsize,))
    return (memaddr & (1 << addrsize) - 1).to_bytes(addrsize // 8, "big")
