"""The modem's line and the RS485 port in the production test: bytes out, bytes back.

What they mean is the host tool's business, which asks again for what came since; so nothing
here waits, and no family of modems is loaded.
"""

from binascii import hexlify, unhexlify

from micropython import const

SEND_MAX = const(64)
"""Bytes of one request."""
KEEP_MAX = const(512)
"""Bytes of one answer; what is beyond waits in the UART."""
PRESS_MAX_MS = const(5000)
"""Longest press of the modem's PWRKEY."""

_STOP_BITS = const(1)


class UartLine:
    """A UART that the test has taken over, with the pin of its driver if it has one."""

    def __init__(
        self, uart: object, driver: object = None, pwrkey: object = None
    ) -> None:
        self._uart = uart
        self.pwrkey = pwrkey
        self._driver = driver
        if driver is not None:
            driver(0)

    def send(self, data: bytes) -> None:
        """Send, and let go of the bus once the last bit has left."""
        if self._driver is None:
            self._uart.write(data)
            return
        self._driver(1)
        try:
            self._uart.write(data)
            self._uart.flush()
        finally:
            self._driver(0)

    def received(self) -> bytes:
        """Return what has come, at most KEEP_MAX bytes."""
        return (self._uart.read(KEEP_MAX) if self._uart.any() else None) or b""

    def close(self) -> None:
        self._uart.deinit()


def modem(session: object, send: str = "", press_ms: int = 0, baud: int = 115200) -> dict:
    """Send a line of text to the modem or press its PWRKEY; return what has come from it."""
    app = session.app
    if app.network.modem is not None:
        raise RuntimeError("modem: the link has it, take its settings away")
    if (isinstance(press_ms, bool) or not isinstance(press_ms, int)
            or not 0 <= press_ms <= PRESS_MAX_MS):
        raise ValueError("press_ms %r: must be 0 to %d" % (press_ms, PRESS_MAX_MS))
    data = _text("send", send)
    if baud not in (9600, 115200):
        raise ValueError("baud %r: must be 9600 or 115200" % (baud,))
    line = session.lines.get("modem")
    if line is None:
        parts = app.board.modem(baud)
        if parts is None:
            return {"fitted": False, "received": ""}
        uart, pwrkey, _, supply, hold_tx = parts
        if supply is not None:
            supply.value(1)
        if hold_tx is not None:
            hold_tx(False)
        line = session.lines["modem"] = UartLine(uart, None, pwrkey)
    if press_ms and line.pwrkey is not None:
        session.press(line.pwrkey, press_ms)
    if data:
        line.send(data)
    return {"fitted": True, "received": _shown(line.received())}


def rs485(
    session: object, send: str = "", baud: int = 9600, parity: "int | None" = None
) -> dict:
    """Send bytes, in hexadecimal, to the RS485 port; return what has come from it."""
    app = session.app
    if app.state.settings.values.get("bus_baud"):
        raise RuntimeError("rs485: the bus has the port, set bus_baud to 0")
    if isinstance(baud, bool) or not isinstance(baud, int) or not 1200 <= baud <= 115200:
        raise ValueError("baud %r: must be 1200 to 115200" % (baud,))
    if parity not in (None, 0, 1):
        raise ValueError("parity %r: must be null, 0 or 1" % (parity,))
    try:
        data = unhexlify(send)
    except (TypeError, ValueError):
        raise ValueError("send %r: must be pairs of hexadecimal digits" % (send,)) from None
    if len(data) > SEND_MAX:
        raise ValueError("send: %d bytes: must be at most %d" % (len(data), SEND_MAX))
    line = session.lines.get("rs485")
    if line is None:
        parts = app.board.rs485(baud, parity, _STOP_BITS)
        if parts is None:
            return {"fitted": False, "received": ""}
        line = session.lines["rs485"] = UartLine(*parts)
    if data:
        line.send(data)
    return {"fitted": True, "received": hexlify(line.received()).decode()}


def _text(name: str, text: object) -> bytes:
    if not isinstance(text, str) or len(text) > SEND_MAX:
        raise ValueError("%s %r: must be a text of at most %d characters" % (
            name, text, SEND_MAX))
    for character in text:
        if not (" " <= character <= "~" or character in "\r\n\x1a"):
            raise ValueError("%s: holds %r: must be printable ASCII" % (name, character))
    return text.encode()


def _shown(data: bytes) -> str:
    return "".join([chr(byte) if 32 <= byte < 127 or byte == 10 else "" if byte == 13 else "?"
                    for byte in data])
