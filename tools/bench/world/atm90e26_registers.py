"""Register table of the ATM90E26 (Microchip 46002B) and the arithmetic that belongs to it.

Addresses, reset values, the way each register answers, the checksum rule, and the decoding of
MMode and of the signed formats. Nothing here has a state.
"""

from micropython import const

SOFT_RESET = const(0x00)
SYS_STATUS = const(0x01)
FUNC_EN = const(0x02)
SAG_TH = const(0x03)
SMALL_P_MOD = const(0x04)
LAST_DATA = const(0x06)
LSB = const(0x08)
CAL_START = const(0x20)
PL_CONST_H = const(0x21)
PL_CONST_L = const(0x22)
L_GAIN = const(0x23)
L_PHI = const(0x24)
N_GAIN = const(0x25)
N_PHI = const(0x26)
P_START_TH = const(0x27)
P_NOL_TH = const(0x28)
Q_START_TH = const(0x29)
Q_NOL_TH = const(0x2A)
M_MODE = const(0x2B)
CS1 = const(0x2C)
ADJ_START = const(0x30)
U_GAIN = const(0x31)
I_GAIN_L = const(0x32)
I_GAIN_N = const(0x33)
U_OFFSET = const(0x34)
I_OFFSET_L = const(0x35)
I_OFFSET_N = const(0x36)
P_OFFSET_L = const(0x37)
Q_OFFSET_L = const(0x38)
P_OFFSET_N = const(0x39)
Q_OFFSET_N = const(0x3A)
CS2 = const(0x3B)
AP_ENERGY = const(0x40)
EN_STATUS = const(0x46)
I_RMS = const(0x48)
U_RMS = const(0x49)
P_MEAN = const(0x4A)
Q_MEAN = const(0x4B)
FREQ = const(0x4C)
POWER_F = const(0x4D)
P_ANGLE = const(0x4E)
S_MEAN = const(0x4F)
# A register of the N line stands this far above the same register of the L line.
N_LINE = const(0x20)

# SysStatus
CAL_ERR = const(0xC000)
ADJ_ERR = const(0x3000)
LN_CHANGE = const(0x0080)
REV_Q_CHG = const(0x0040)
REV_P_CHG = const(0x0020)
SAG_WARN = const(0x0002)
# FuncEn
SAG_EN = const(0x20)
SAG_WO = const(0x10)
REV_Q_EN = const(0x08)
REV_P_EN = const(0x04)
# MMode
LN_SEL = const(0x0400)
ACTIVE_ABSOLUTE = const(0x0080)
REACTIVE_ABSOLUTE = const(0x0040)

# How a register answers. Up to OPEN_ADJUSTMENT, and for ENERGY, a read is the stored word.
ABSENT = const(0)
READ_ONLY = const(1)
READ_WRITE = const(2)
COMMAND = const(3)
OPEN_METERING = const(4)
OPEN_ADJUSTMENT = const(5)
CHECKSUM = const(6)
STATE = const(7)
MEASURED = const(8)
ANGLE = const(9)
FINE = const(10)
ENERGY = const(11)
STATUS = const(12)

_RESET = (
    (FUNC_EN, 0x000C), (SAG_TH, 0x1D6A),
    (CAL_START, 0x6886), (PL_CONST_H, 0x0015), (PL_CONST_L, 0xD174), (P_START_TH, 0x08BD),
    (Q_START_TH, 0x0AEC), (M_MODE, 0x9422),
    (ADJ_START, 0x6886), (U_GAIN, 0x6720), (I_GAIN_L, 0x7A13), (I_GAIN_N, 0x7530),
)


def reset_values() -> list:
    """Return a fresh list of the 128 words a reset leaves."""
    words = [0] * 128
    for address, word in _RESET:
        words[address] = word
    return words


def _kinds() -> bytes:
    table = bytearray(128)
    for kind, addresses in (
        (COMMAND, (SOFT_RESET, CAL_START, ADJ_START)),
        (STATUS, (SYS_STATUS,)),
        (READ_WRITE, (FUNC_EN, SAG_TH, SMALL_P_MOD)),
        (READ_ONLY, (LAST_DATA, LSB)),
        (OPEN_METERING, range(PL_CONST_H, CS1)),
        (OPEN_ADJUSTMENT, range(U_GAIN, CS2)),
        (CHECKSUM, (CS1, CS2)),
        (ENERGY, range(AP_ENERGY, EN_STATUS)),
        (STATE, (EN_STATUS,)),
        (FINE, (I_RMS, U_RMS, P_MEAN, Q_MEAN, S_MEAN, 0x68, 0x6A, 0x6B, 0x6F)),
        (MEASURED, (FREQ, POWER_F, 0x6D)),
        (ANGLE, (P_ANGLE, 0x6E)),
    ):
        for address in addresses:
            table[address] = kind
    return bytes(table)


KINDS = _kinds()


def checksum(words: list, first: int, end: int) -> int:
    """Return the word the chip computes over `words[first:end]`.

    Low byte: sum of all bytes modulo 256. High byte: exclusive or of the same bytes.
    """
    total = 0
    mixed = 0
    while first < end:
        word = words[first]
        total += (word >> 8) + (word & 0xFF)
        mixed ^= (word >> 8) ^ (word & 0xFF)
        first += 1
    return (mixed << 8) | (total & 0xFF)


def l_amplifier(mode: int) -> int:
    """Return the gain of the L current amplifier for the MMode word `mode`."""
    if mode & 0x8000:
        return 1
    return (4, 8, 16, 24)[(mode >> 13) & 3]


def n_amplifier(mode: int) -> int:
    """Return the gain of the N current amplifier for the MMode word `mode`."""
    return (2, 4, 1, 1)[(mode >> 11) & 3]


def tamper_threshold_ppm(mode: int) -> int:
    """Return Pthresh of the MMode word `mode` in parts per million (code 2 is 31250)."""
    code = mode & 0xF
    if code < 4:
        return 125_000 >> code
    return (code - 3) * 10_000


def signed(word: int) -> int:
    """Return the two's complement value of a 16-bit word."""
    return word - 0x10000 if word & 0x8000 else word


def signed_phase(word: int) -> int:
    """Return the value of a phase word: sign in bit 15, ten bits of magnitude."""
    return -(word & 0x3FF) if word & 0x8000 else word & 0x3FF


def sign_magnitude(magnitude: int, negative: bool) -> int:
    """Return the sign-magnitude word of `magnitude` (0 to 32767); zero has no sign."""
    return magnitude | 0x8000 if negative and magnitude else magnitude


def reduced(numerator: int, denominator: int) -> tuple:
    """Return the fraction in lowest terms (both arguments not negative, denominator above 0)."""
    a, b = numerator, denominator
    while b:
        a, b = b, a % b
    return numerator // a, denominator // a


def square_root(value: int) -> int:
    """Return the integer square root, rounded down, of `value` (not negative)."""
    if value < 2:
        return value
    root = 2
    while root * root <= value:
        root <<= 4
    while True:
        closer = (root + value // root) >> 1
        if closer >= root:
            return root
        root = closer
