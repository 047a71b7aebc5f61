"""The clock of an SPI bus, which MicroPython tells in its text alone."""


def rate_Hz(spi: object) -> int:
    """Return the SPI clock as the port reports it, 0 where it reports none."""
    text = repr(spi)
    at = text.find("baudrate=")
    digits = ""
    if at >= 0:
        for c in text[at + 9:]:
            if not "0" <= c <= "9":
                break
            digits += c
    return int(digits or "0")
