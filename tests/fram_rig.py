"""A FRAM chip on a small I2C bus, and a meter whose ledger stands in it."""

from joulegate.drivers.fram import Fram
from world.fram import FramModel

SIZE = 8192


class FramBus:
    """An I2C bus with FRAM alone on it."""

    def __init__(self, chip):
        self.chip = chip

    def writeto_mem(self, address, offset, data, addrsize):
        self.chip.write(offset.to_bytes(addrsize // 8, "big") + bytes(data))

    def readfrom_mem_into(self, address, offset, buffer, addrsize):
        self.chip.write(offset.to_bytes(addrsize // 8, "big"))
        self.chip.readinto(buffer)


def driver(chip, size=SIZE):
    return Fram(FramBus(chip), size=size)


def new_chip(fill=0):
    return FramModel(SIZE, fill)
