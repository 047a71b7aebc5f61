"""Registers of the modelled ATM90E32AS: addresses, what a read or write does, reset values.

Source: Microchip 46003B (data sheet).
"""

from micropython import const

SIZE = const(0x100)

# Kinds. Below MEASURED the stored word is what a read gives.
PLAIN = const(0)
CONFIG = const(1)
ENERGY = const(2)
LATCHED = const(3)
COMMAND = const(4)
MEASURED = const(5)
STATE = const(6)

METER_EN = const(0x00)
SAG_PEAK = const(0x05)
SAG_TH = const(0x08)
PHASE_LOSS_TH = const(0x09)
FREQ_LO_TH = const(0x0C)
FREQ_HI_TH = const(0x0D)
PL_CONST_H = const(0x31)
PL_CONST_L = const(0x32)
M_MODE_0 = const(0x33)
M_MODE_1 = const(0x34)
P_START = const(0x35)
Q_START = const(0x36)
P_PHASE = const(0x38)
Q_PHASE = const(0x39)
POWER_OFFSETS = const(0x41)
"""P and Q of A, of B, of C."""
POWER_GAINS = const(0x47)
"""Gain and Phi of A, of B, of C."""
RMS = const(0x61)
"""Ugain, Igain, Uoffset, Ioffset of A, of B, of C."""
SOFT_RESET = const(0x70)
STATE_0 = const(0x71)
STATE_1 = const(0x72)
LATCH_0 = const(0x73)
LATCH_1 = const(0x74)
LAST_DATA = const(0x78)
CRC_STATUS = const(0x79)
CRC_DIGEST = const(0x7A)
ACCESS = const(0x7F)
ENERGIES = const(0x80)
"""Import, export, inductive, capacitive, apparent: each the total, A, B, C."""
ENERGY_COUNT = const(20)
POWERS = const(0xB0)
"""P, Q, S: each the total, A, B, C; the low words at 0x10 more. Then power factors."""
LOW = const(0x10)
FACTORS = const(0xBC)
U_RMS = const(0xD9)
I_RMS_N = const(0xDC)
I_RMS = const(0xDD)
FREQUENCY = const(0xF8)
ANGLES = const(0xF9)
TEMPERATURE = const(0xFC)
U_ANGLES = const(0xFD)

_RESET_WORDS = (
    (0x01, 0x0210), (0x02, 0x0654), (SAG_PEAK, 0x143F), (0x06, 0xC000), (0x07, 0x0001),
    (SAG_TH, 0x1000), (PHASE_LOSS_TH, 0x0400), (0x0A, 0xFFFF), (0x0B, 0xC000),
    (FREQ_LO_TH, 0x1324), (FREQ_HI_TH, 0x13EC), (0x22, 5000), (0x23, 25),
    (PL_CONST_H, 0x0861), (PL_CONST_L, 0xC468), (M_MODE_0, 0x0087),
)


def reset_words() -> list:
    """Return all registers as they are after a reset."""
    words = [0] * SIZE
    for address, word in _RESET_WORDS:
        words[address] = word
    for phase in range(3):
        words[RMS + 4 * phase] = words[RMS + 4 * phase + 1] = 0x8000
    return words


def _kinds() -> bytes:
    kinds = bytearray(SIZE)
    for address in range(0x70):
        kinds[address] = CONFIG
    kinds[SOFT_RESET] = kinds[ACCESS] = COMMAND
    kinds[LATCH_0] = kinds[LATCH_1] = LATCHED
    kinds[STATE_0] = kinds[STATE_1] = kinds[CRC_STATUS] = kinds[CRC_DIGEST] = STATE
    for address in range(ENERGIES, ENERGIES + ENERGY_COUNT):
        kinds[address] = ENERGY
    for address in range(POWERS, SIZE):
        kinds[address] = MEASURED
    return bytes(kinds)


KINDS = _kinds()


def signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word


def digest(words: list) -> int:
    """Return CRCDigest: CRC-16 by x16 + x12 + x5 + 1 over 00 to 6F, high byte first, from 0."""
    crc = 0
    for address in range(0x70):
        crc ^= words[address]
        for _ in range(16):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
            crc &= 0xFFFF
    return crc
