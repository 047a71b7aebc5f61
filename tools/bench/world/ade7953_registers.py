"""Registers of the modelled ADE7953: addresses, widths, defaults and what a read or write does.

Source: Analog Devices data sheet ADE7953 Rev. B, tables 13 to 16 and 21 to 25. A register of 24
bits is one location with two addresses, 0x2.. and 0x3.. (32 bits, sign-extended); it is kept under
the first. The checksum exists at 0x37F alone.
"""

from micropython import const

SAGCYC = const(0x000)
DISNOLOAD = const(0x001)
LCYCMODE = const(0x004)
PGA_V = const(0x007)
PGA_IA = const(0x008)
PGA_IB = const(0x009)
WRITE_PROTECT = const(0x040)
LAST_OP = const(0x0FD)
UNLOCK = const(0x0FE)
LAST_RWDATA_8 = const(0x0FF)
CONFIG = const(0x102)
PHCALA = const(0x108)
PHCALB = const(0x109)
PFA = const(0x10A)
PFB = const(0x10B)
ANGLE_A = const(0x10C)
ANGLE_B = const(0x10D)
PERIOD = const(0x10E)
RESERVED = const(0x120)
LAST_ADD = const(0x1FE)
LAST_RWDATA_16 = const(0x1FF)
SAGLVL = const(0x200)
ACCMODE = const(0x201)
AP_NOLOAD = const(0x203)
VAR_NOLOAD = const(0x204)
VA_NOLOAD = const(0x205)
AVA = const(0x210)
AWATT = const(0x212)
AVAR = const(0x214)
IRMSA = const(0x21A)
IRMSB = const(0x21B)
VRMS = const(0x21C)
AENERGYA = const(0x21E)
AENERGYB = const(0x21F)
RENERGYA = const(0x220)
RENERGYB = const(0x221)
OVLVL = const(0x224)
OILVL = const(0x225)
VPEAK = const(0x226)
RSTVPEAK = const(0x227)
IAPEAK = const(0x228)
RSTIAPEAK = const(0x229)
IBPEAK = const(0x22A)
RSTIBPEAK = const(0x22B)
IRQENA = const(0x22C)
IRQSTATA = const(0x22D)
RSTIRQSTATA = const(0x22E)
IRQSTATB = const(0x230)
RSTIRQSTATB = const(0x231)
AIGAIN = const(0x280)
AVGAIN = const(0x281)
AWGAIN = const(0x282)
AVARGAIN = const(0x283)
AWATTOS = const(0x289)
AVAROS = const(0x28A)
BIGAIN = const(0x28C)
BVGAIN = const(0x28D)
BWGAIN = const(0x28E)
BVARGAIN = const(0x28F)
BWATTOS = const(0x295)
BVAROS = const(0x296)
LAST_RWDATA_24 = const(0x2FF)
CRC = const(0x37F)
VERSION = const(0x702)
EX_REF = const(0x800)

# CONFIG
SOFT_RESET = const(1 << 7)
CRC_ENABLE = const(1 << 8)
COMM_LOCK = const(1 << 15)
# LCYCMODE
RSTREAD = const(1 << 6)
# IRQSTATA; the first six come once for active, reactive and apparent energy.
HALF_FULL = const(1)
OVERFLOW = const(1 << 3)
ACTIVE_SIGN = const(1 << 9)
REACTIVE_SIGN = const(1 << 10)
OVERCURRENT = const(1 << 13)
SAG = const(1 << 19)
RESET = const(1 << 20)
CHECKSUM_CHANGED = const(1 << 21)

READ_DONE = const(0x35)
WRITE_DONE = const(0xCA)

GAINS = (1, 2, 4, 8, 16, 22)

_DEFAULTS = {
    SAGCYC: 0, DISNOLOAD: 0, LCYCMODE: 0x40, PGA_V: 0, PGA_IA: 0, PGA_IB: 0, WRITE_PROTECT: 0,
    LAST_OP: 0, UNLOCK: 0, LAST_RWDATA_8: 0, VERSION: 0, EX_REF: 0,
    0x100: 0xFFFF, 0x101: 0, CONFIG: 0x8004, 0x103: 0x003F, 0x104: 0x003F, 0x107: 0x0300,
    PHCALA: 0, PHCALB: 0, PFA: 0, PFB: 0, ANGLE_A: 0, ANGLE_B: 0, PERIOD: 0, 0x110: 0,
    RESERVED: 0, LAST_ADD: 0, LAST_RWDATA_16: 0,
    SAGLVL: 0, ACCMODE: 0, AP_NOLOAD: 58393, VAR_NOLOAD: 58393, VA_NOLOAD: 0,
    OVLVL: 0xFFFFFF, OILVL: 0xFFFFFF, IRQENA: 0x100000, 0x22F: 0,
    LAST_RWDATA_24: 0,
}
_GAIN_DEFAULT = const(0x400000)
_MEASURED = const(0x210)
_STATES_END = const(0x232)
_GAINS_AT = (0x280, 0x281, 0x282, 0x283, 0x284, 0x28C, 0x28D, 0x28E, 0x28F, 0x290)
_OFFSETS_AT = (0x286, 0x288, 0x289, 0x28A, 0x28B, 0x292, 0x295, 0x296, 0x297)
WATCHED = (
    SAGCYC, DISNOLOAD, LCYCMODE, PGA_V, PGA_IA, PGA_IB, WRITE_PROTECT, EX_REF, CONFIG, PHCALA,
    PHCALB, RESERVED, SAGLVL, ACCMODE, AP_NOLOAD, VAR_NOLOAD, VA_NOLOAD, OVLVL, OILVL, IRQENA,
) + _GAINS_AT + _OFFSETS_AT
"""What the checksum covers; the sheet's table 12 was not at hand whole, so its value is this
model's own and only its changing is the chip's."""

_READ_ONLY = (LAST_OP, LAST_RWDATA_8, VERSION, PFA, PFB, ANGLE_A, ANGLE_B, PERIOD, LAST_ADD,
              LAST_RWDATA_16, LAST_RWDATA_24)


def reset_values(version: int) -> dict:
    """Return every register at its default, by address."""
    words = dict(_DEFAULTS)
    for address in range(_MEASURED, _STATES_END):
        words.setdefault(address, 0)
    for address in _GAINS_AT:
        words[address] = _GAIN_DEFAULT
    for address in _OFFSETS_AT:
        words[address] = 0
    words[VERSION] = version
    return words


def width_of(address: int) -> int:
    """Return the bytes of data of a frame to an address, 0 for one that no page has."""
    page = address >> 8
    return (1, 2, 3, 4, 0, 0, 0, 1, 1)[page] if page <= 8 else 0


def location(address: int) -> int:
    """Return where a register is kept: an address of 32 bits is that of 24."""
    return address - 0x100 if address >> 8 == 3 and address != CRC else address


def writable(address: int) -> bool:
    return not (address in _READ_ONLY or _MEASURED <= address < OVLVL
                or VPEAK <= address < IRQENA or IRQSTATA <= address < 0x22F
                or 0x22F < address < _STATES_END)


def signed(word: int) -> int:
    """Return the two's complement value of a 24-bit word."""
    return word - 0x1000000 if word & 0x800000 else word


def phase_steps(word: int) -> int:
    """Return the steps of a PHCAL word, positive for a delayed current: ten bits, sign apart."""
    return -(word & 0x1FF) if word & 0x200 else word & 0x1FF
