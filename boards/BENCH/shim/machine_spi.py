"""machine.SPI of the BENCH board, with the clock dividers of the RP2040.

Baud rate: RP2040 data sheet section 4.4 (PL022: clk_peri / (CPSDVSR x (1 + SCR))) by the rule
of pico-sdk 2.0 and later, which never goes above the rate asked for. LSB first and frames of
other than 8 bits are refused as the rp2 port and its byte buffers do.
"""

from micropython import const

from world import wiring

_CLK_PERI = const(125_000_000)
_BAUD_MIN = const(1923)  # clk_peri / (254 x 256), rounded up


def achieved_baudrate(wanted: int) -> int:
    """Return the rate the dividers give: the highest not above `wanted` bits a second."""
    if not _BAUD_MIN <= wanted <= _CLK_PERI:
        raise ValueError("SPI baudrate is %r: must be %d to %d" % (wanted, _BAUD_MIN, _CLK_PERI))
    prescale = 2
    while prescale < 254 and prescale * 256 * wanted <= _CLK_PERI:
        prescale += 2
    postdiv = 256
    while postdiv > 1 and _CLK_PERI // (prescale * (postdiv - 1)) <= wanted:
        postdiv -= 1
    return _CLK_PERI // (prescale * postdiv)


class SPI:
    """SPI(id, baudrate, *, polarity, phase, bits, firstbit, sck, mosi, miso), a master."""

    MSB = 1
    LSB = 0

    def __init__(self, id: int, baudrate: int = 1_000_000, *, polarity: int = 0, phase: int = 0,
                 bits: int = 8, firstbit: int = MSB, sck: object = None, mosi: object = None,
                 miso: object = None) -> None:
        if id not in (0, 1):
            raise ValueError("SPI(%r) doesn't exist" % (id,))
        self._id = id
        self._bus = wiring.spi_bus(id)
        self._pins = (sck, mosi, miso)
        self._polarity = self._phase = 0
        self._baudrate = 0
        self.init(baudrate=baudrate, polarity=polarity, phase=phase, bits=bits,
                  firstbit=firstbit)

    def init(self, *, baudrate: int = -1, polarity: int = -1, phase: int = -1, bits: int = -1,
             firstbit: int = -1) -> None:
        """Change what is given, keep the rest."""
        for name, value, allowed in (("polarity", polarity, (-1, 0, 1)),
                                     ("phase", phase, (-1, 0, 1)), ("bits", bits, (-1, 8)),
                                     ("firstbit", firstbit, (-1, SPI.MSB, SPI.LSB))):
            if value not in allowed:
                raise ValueError("SPI %s is %r: must be one of %r" % (name, value, allowed[1:]))
        if firstbit == SPI.LSB:
            raise NotImplementedError("LSB")
        if baudrate != -1:
            self._baudrate = achieved_baudrate(baudrate)
        if polarity != -1:
            self._polarity = polarity
        if phase != -1:
            self._phase = phase
        device = self._bus.device
        if hasattr(device, "bus_format"):
            device.bus_format(self._baudrate, self._polarity, self._phase)

    def deinit(self) -> None:
        """No more than on the rp2 port, where the bus goes on working."""

    def write_readinto(self, write_buf: bytes, read_buf: bytearray) -> None:
        if len(write_buf) != len(read_buf):
            raise ValueError("buffers must be the same length")
        self._bus.device.exchange(write_buf, read_buf)

    def write(self, buf: bytes) -> None:
        self._bus.device.exchange(buf, bytearray(len(buf)))

    def readinto(self, buf: bytearray, write: int = 0) -> None:
        self._bus.device.exchange(bytes((write,)) * len(buf), buf)

    def read(self, nbytes: int, write: int = 0) -> bytes:
        buf = bytearray(nbytes)
        self.readinto(buf, write)
        return bytes(buf)

    def __repr__(self) -> str:
        pins = [pin._net.id if hasattr(pin, "_net") else -1 for pin in self._pins]
        return ("SPI(%d, baudrate=%d, polarity=%d, phase=%d, bits=8, sck=%d, mosi=%d, miso=%d)"
                % (self._id, self._baudrate, self._polarity, self._phase,
                   pins[0], pins[1], pins[2]))
