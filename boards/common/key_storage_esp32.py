"""Protected storage for keys on an ESP32: a secure element, or NVS, but only when it is encrypted.

MicroPython tells nobody whether its image was built with CONFIG_NVS_ENCRYPTION. The partition
itself does: opening a namespace writes its name there, and only where NVS is not encrypted can
the name be read back from the bare flash. NVS in clear protects no better than a file, so then
there is no protected storage.

Source: MicroPython 1.28, `esp32.NVS`, `esp32.Partition`; ESP-IDF 5, "NVS Encryption": entries are
enciphered whole, page headers are not. Not tried on a chip with flash encryption.
"""

import esp32
import meter_parts

NAMESPACE = "joulegate"
_SECTOR = 4096
_PIECE = 512
"""Whole entries of 32 bytes, so that no name lies across two pieces."""


def key_storage() -> object:
    """Return the secure element, else encrypted NVS, else None.

    RuntimeError or OSError for one that does not work.
    """
    return meter_parts.secure_element() or _encrypted_nvs()


def _encrypted_nvs() -> object:
    partitions = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="nvs")
    if not partitions:
        return None
    try:
        nvs = esp32.NVS(NAMESPACE)
    except OSError:
        return None
    return None if _shows(partitions[0], NAMESPACE.encode()) else nvs


def _shows(partition: object, text: bytes) -> bool:
    piece = bytearray(_PIECE)
    for at in range(0, partition.info()[3], _PIECE):
        partition.readblocks(at // _SECTOR, piece, at % _SECTOR)
        if text in piece:
            return True
    return False
