"""Outcomes that come apart from the OK of their command, as SIMCom's CIP and CCH have them.

Source: the modem sheet, section 5.2.
"""

from joulegate.link.modem.at_errors import AtError


async def outcome(engine: object, text: str, prefix: str, timeout_ms: int) -> None:
    """Send a command whose outcome comes apart from its OK, and which may be refused."""
    try:
        await engine.command(text, prefix, timeout_ms, both=True)
    except AtError:
        pass


def error_text(code: object) -> str:
    """Return what an outcome of CIPOPEN or CCHOPEN means."""
    names = {
        1: "no network", 2: "network not opened", 3: "wrong parameters", 4: "not supported",
        5: "connection refused", 6: "bind failed", 7: "listening", 8: "busy",
        9: "all sockets in use", 10: "timed out", 11: "name not found",
    }
    return "error %s, %s" % (code, names.get(code, "not named"))
