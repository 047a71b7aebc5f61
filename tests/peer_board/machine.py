"""A board for micropython-modbus on the unix port: its UART is a tty of this computer."""

from pty_uart import Pty


class Pin:
    OUT = 1

    def __init__(self, pin: int, mode: int = OUT) -> None:
        """There is no pin: the terminal finds the direction by itself."""

    def on(self) -> None:
        """Nothing to switch."""

    def off(self) -> None:
        """Nothing to switch."""


class UART(Pty):
    def __init__(self, path: str, baudrate: int, **frame: object) -> None:
        """path: of the tty, where a board has the number of a UART."""
        super().__init__(path)

    def read(self) -> bytes | None:
        buffer = bytearray(256)
        size = self.readinto(buffer)
        return bytes(buffer[:size]) if size else None
