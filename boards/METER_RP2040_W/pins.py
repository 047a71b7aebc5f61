"""Pin numbers of the METER_RP2040_W board: those of every Pico."""

from pins_rp2 import *  # noqa: F403 - the whole map is shared
