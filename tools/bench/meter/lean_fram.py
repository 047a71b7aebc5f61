"""A FRAM chip on a bus of its own, on the supply of the flash: where one loses power, both do."""

from errno import ENODEV

from joulegate.drivers.fram import Fram
from meter.faulty_files import STEPS
from world.flash import Flash
from world.fram import FramModel


class _Bus:
    """What the FRAM driver asks of an I2C bus."""

    def __init__(self, flash: Flash, memory: FramModel) -> None:
        self._flash = flash
        self._memory = memory

    def writeto_mem(self, address: int, offset: int, data: bytes, addrsize: int) -> None:
        STEPS.take()
        self._do(self._memory.write, offset.to_bytes(addrsize // 8, "big") + bytes(data))

    def readfrom_mem_into(
        self, address: int, offset: int, buffer: bytearray, addrsize: int
    ) -> None:
        self._do(self._memory.write, offset.to_bytes(addrsize // 8, "big"))
        self._do(self._memory.readinto, buffer)

    def _do(self, transfer: object, data: bytes) -> None:
        if not self._flash.powered:
            raise OSError(ENODEV)
        try:
            transfer(data)
        except OSError:
            self._flash.cut_power()
            raise


def fram_beside(flash: Flash, memory: FramModel) -> Fram:
    """Return a driver on a chip."""
    return Fram(_Bus(flash, memory), size=len(memory.content))
