"""Addresses: the one the network gave the modem, and hosts that are one and no name."""

from joulegate.link.errors import LinkError
from joulegate.link.modem.family import numbers


async def need_address(engine: object) -> None:
    """LinkError unless the network has given the modem an address."""
    found = []

    def each(value: str) -> None:
        fields = numbers(value)
        if len(fields) > 1 and fields[1] not in ("", "0.0.0.0"):
            found.append(True)

    await engine.command("AT+CGPADDR=1", "+CGPADDR:", tries=3, each=each)
    if not found:
        raise LinkError("AT+CGPADDR: the network gave no address")


def is_address(host: str) -> bool:
    """Return whether a host is an IPv4 address, four numbers with dots."""
    parts = host.split(".")
    return len(parts) == 4 and all(
        part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts)
