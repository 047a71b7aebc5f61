"""The registers of the meter on the bus: none yet but who it is."""

from joulegate.bus.modbus.exceptions import ILLEGAL_ADDRESS


class RegisterMap:
    def __init__(self, app: object) -> None:
        """app: the meter's parts."""
        self._objects = (b"Joulegate", app.board.NAME.encode(), app.version.encode())

    def read(self, holding: bool, address: int, count: int, out: bytearray, at: int) -> int:
        return ILLEGAL_ADDRESS

    def write(self, address: int, count: int, data: bytearray, at: int) -> int:
        return ILLEGAL_ADDRESS

    def identification(self, object_id: int) -> "bytes | None":
        """Return an object of the device identification, None for one that there is not."""
        return self._objects[object_id] if object_id < len(self._objects) else None
