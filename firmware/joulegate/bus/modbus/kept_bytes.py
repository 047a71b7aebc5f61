"""Bytes of a text or a price, kept until it is another one: so an answer allocates nothing."""

from micropython import const

_SCALE = const(100000000)


class TextBytes:
    def __init__(self) -> None:
        self._text = ""
        self._bytes = b""

    def of(self, text: str) -> bytes:
        """Return a text in UTF-8."""
        if text is not self._text:
            self._text = text
            self._bytes = text.encode()
        return self._bytes


class PriceBytes:
    def __init__(self) -> None:
        self._price: object = None
        self._bytes = b""

    def of(self, price: object, tariff: object) -> bytes:
        """Return a price of a tariff as 64 bits: 1e-8 of the currency for a kWh, rounded down."""
        if price is not self._price:
            self._price = price
            value = price.amount * _SCALE // (tariff.d2 * 10 ** tariff.unit_places)
            self._bytes = (value & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "big")
        return self._bytes
