"""What goes wrong between the meter and its modem, and the numbers a modem gives for it.

Source: 3GPP TS 27.007 section 9.2 and TS 27.005 section 3.2.5; the modem sheet, section 1.
"""

from joulegate.link.errors import LinkError


class AtError(LinkError):
    """The modem refused a command. `kind` is "CME", "CMS" or "", `code` its number or -1."""

    def __init__(self, command: str, kind: str = "", code: int = -1, text: str = "ERROR") -> None:
        super().__init__("%s: %s" % (command, _text(kind, code) or text))
        self.kind = kind
        self.code = code


class AtTimeout(LinkError):
    """The modem did not answer in time. What it was asked may have been done all the same."""


class NoPrompt(AtTimeout):
    """No prompt came, so the data was not taken."""


class Restarted(LinkError):
    """The modem began anew by itself: every setting and socket is gone."""


class PoweredDown(Restarted):
    """The modem switched itself off."""


def refusal(text: str, line: str) -> "AtError | None":
    """Return the error that a whole line means for a command, or None when it means none.

    The command's values do not go into its text: a PIN may be among them.
    """
    command = text.split("=")[0]
    if line in ("ERROR", "NO CARRIER", "COMMAND NOT SUPPORT"):
        return AtError(command, text=line)
    if line[:4] in ("+CME", "+CMS") and line[4:11] == " ERROR:":
        value = line[11:].strip()
        if value.isdigit() and len(value) < 8:
            return AtError(command, line[1:4], int(value))
        return AtError(command, line[1:4], text=value)
    return None


def _text(kind: str, code: int) -> str:
    if code < 0:
        return ""
    # Made when wanted: most modems never refuse anything.
    names = {
        3: "not allowed", 4: "not supported", 10: "no SIM", 11: "SIM PIN needed",
        12: "SIM PUK needed", 13: "SIM failure", 14: "SIM busy", 16: "wrong PIN",
        30: "no network service", 50: "wrong parameters", 100: "unknown", 515: "please wait",
    } if kind == "CME" else {
        301: "service reserved", 310: "no SIM", 314: "SIM busy", 320: "memory failure",
        321: "no such message", 322: "memory full", 330: "no service centre",
        331: "no network", 332: "network timeout", 500: "unknown",
    }
    name = names.get(code)
    return "%s error %d%s" % (kind, code, ", " + name if name else "")
