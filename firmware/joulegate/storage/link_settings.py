"""Settings of the link: broker, certificates, networks; a JSON object, checked value by value.

As in storage/settings.py, a bad value falls back to its default and is reported, and a change
that is not allowed changes nothing. Passwords and the PIN are told to nobody: `report` only
says whether there are any. Certificates and keys are DER files in a folder of their own, here
named without it.
"""

import json
import os
from errno import ENOENT

from micropython import const

_SIZE_MAX = const(4096)
NETWORKS_MAX = const(8)
TRANSPORTS = ("wifi", "modem", "ppp", "socket")
LORA_BANDS = ("EU433", "CN470", "RU864", "IN865", "EU868", "US915", "AU915", "KR920", "AS923-1",
              "AS923-2", "AS923-3", "AS923-4", "LA915")
FAMILIES = ("", "quectel-ec", "quectel-bg", "quectel-bc", "simcom", "sim7080", "sim7020", "bc95")
"""Of modems, as link/modem/family_finder.py has them; none: by the modem's own name."""
SECRETS = ("password", "apn_password", "sim_pin", "lora_app_key")
SWITCHES = {"tls": True, "home": False, "lora": False}
_HEX = "0abcdefABCDEF"

NUMBERS = {
    "port": (8883, 1, 65535, ""),
    "keepalive_s": (120, 30, 1200, " s"),
    "home_seconds": (30, 10, 3600, " s"),
    "lora_port": (2, 1, 223, ""),
    "lora_sub_band": (0, 0, 8, ", 0 for all"),
    "lora_airtime_s": (300, 10, 864, " s"),
}
"""{name: (default, lowest, highest, unit)}"""

TEXTS = {
    "host": ("", 0, 253, ".-"),
    "server_name": ("", 0, 253, ".-"),
    "ca": ("ca.der", 0, 32, ".-_"),
    "certificate": ("", 0, 32, ".-_"),
    "key": ("", 0, 32, ".-_"),
    "user": ("", 0, 64, None),
    "password": ("", 0, 128, None),
    "apn": ("", 0, 63, ".-_"),
    "apn_user": ("", 0, 32, ".-_@"),
    "apn_password": ("", 0, 32, ".-_@"),
    "sim_pin": ("", 4, 8, "0"),
    "ppp_number": ("*99#", 3, 16, "0*#"),
    "home_prefix": ("homeassistant", 1, 32, ".-_/"),
    "lora_dev_eui": ("", 16, 16, _HEX),
    "lora_join_eui": ("", 16, 16, _HEX),
    "lora_app_key": ("", 32, 32, _HEX),
}
"""{name: (default, fewest and most bytes unless empty, what is allowed)}. Allowed are letters,
digits and these; with 0 before them only digits and these; None: all but control characters."""


class LinkSettingError(ValueError):
    """A setting that is refused: says the name, the rule, and the value unless it is secret."""


def check(name: str, value: object) -> None:
    """Raise LinkSettingError unless `value` may stand under `name`."""
    rule = ""
    if name in NUMBERS:
        _, low, high, unit = NUMBERS[name]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            rule = "must be %d to %d%s" % (low, high, unit)
    elif name in TEXTS:
        rule = _text_rule(value, *TEXTS[name][1:])
    elif name in SWITCHES:
        if not isinstance(value, bool):
            rule = "must be true or false"
    elif name == "lora_band" or name == "family":
        known = LORA_BANDS if name == "lora_band" else FAMILIES
        if value not in known:
            rule = "must be one of " + ", ".join([one or "(none)" for one in known])
    elif name == "transports":
        rule = _transports_rule(value)
    elif name == "wifi":
        rule = _wifi_rule(value)
    else:
        rule = "there is no such setting"
    rule = rule or _form_rule(name, value)
    if rule:
        shown = "" if name in SECRETS or name == "wifi" else " %r:" % (value,)
        raise LinkSettingError("link setting %s:%s %s" % (name, shown, rule))


def _form_rule(name: str, value: object) -> str:
    """Return the rule that a text breaks by its form, or nothing."""
    if name in ("ca", "certificate", "key") and value.startswith("."):
        return "must be the name of a file in the folder of the certificates"
    if name == "home_prefix" and (
            not value or value.startswith("/") or value.endswith("/")):
        return "must be a topic that neither begins nor ends with /"
    return ""


def _text_rule(value: object, least: int, most: int, others: "str | None") -> str:
    """Return the rule that the text breaks, or nothing."""
    if not isinstance(value, str):
        return "must be a text"
    if value and not least <= len(value.encode()) <= most:
        return "must have %d to %d bytes" % (least, most)
    for c in value:
        if others is None:
            if ord(c) < 0x20 or ord(c) == 0x7F:
                return "must not have control characters"
        elif not ("0" <= c <= "9" or c in others
                  or others[0] != "0" and ("a" <= c <= "z" or "A" <= c <= "Z")):
            return "must not have %r" % c
    return ""


def _transports_rule(value: object) -> str:
    right = isinstance(value, list) and len(value) <= len(TRANSPORTS)
    if right:
        for i, name in enumerate(value):
            right = right and name in TRANSPORTS and name not in value[:i]
    return "" if right else "must be a list of %s, each at most once" % ", ".join(TRANSPORTS)


def _wifi_rule(value: object) -> str:
    if not isinstance(value, list) or len(value) > NETWORKS_MAX:
        return "must be a list of at most %d networks" % NETWORKS_MAX
    for entry in value:
        if not isinstance(entry, list) or len(entry) != 2 or not entry[0]:
            return "each network must be a name and a password"
        rule = _text_rule(entry[0], 1, 32, None) or _text_rule(entry[1], 8, 63, None)
        if rule:
            return "each network's name must have 1 to 32 and its password none or 8 to 63 bytes"
    return ""


def defaults() -> dict:
    values: dict = {name: row[0] for name, row in NUMBERS.items()}
    values.update({name: row[0] for name, row in TEXTS.items()})
    values.update(SWITCHES)
    values["lora_band"] = "EU868"
    values["family"] = ""
    values["transports"] = []
    values["wifi"] = []
    return values


class LinkSettings:
    def __init__(self, path: str, certificates: str) -> None:
        """path: of the file. certificates: the folder of the DER files."""
        self.path = path
        self.certificates = certificates
        self.values = defaults()
        self.wrong: list = []
        """What the last load found wrong with the file, a text an item."""

    def load(self) -> list:
        """Read the file; return what is wrong with it, as `wrong`. Missing is not wrong: a
        meter without these settings has no link."""
        self.values = defaults()
        self.wrong = self._read()
        return self.wrong

    def _read(self) -> list:
        try:
            if os.stat(self.path)[6] > _SIZE_MAX:
                return ["link settings: longer than %d bytes" % _SIZE_MAX]
            with open(self.path) as f:
                stored = json.load(f)
        except OSError as e:
            return [] if e.errno == ENOENT else ["link settings: %s" % e]
        except ValueError:
            return ["link settings: are no JSON"]
        if not isinstance(stored, dict):
            return ["link settings: must be an object"]
        wrong = []
        for name in sorted(stored):
            try:
                check(name, stored[name])
                self.values[name] = stored[name]
            except LinkSettingError as e:
                wrong.append(str(e))
        return wrong

    def changed(self, **changes: object) -> dict:
        """Return the values with changes made; LinkSettingError for one that may not be."""
        values = dict(self.values)
        for name in sorted(changes):
            check(name, changes[name])
            values[name] = changes[name]
        return values

    def set(self, **changes: object) -> None:
        """Change settings and store them; LinkSettingError or OSError and nothing is changed."""
        values = self.changed(**changes)
        text = json.dumps(values)
        if len(text.encode()) > _SIZE_MAX:
            raise LinkSettingError("link settings: longer than %d bytes" % _SIZE_MAX)
        with open(self.path + ".new", "w") as f:
            f.write(text)
        os.rename(self.path + ".new", self.path)
        self.values.update(values)  # in place: the modem has this very dict

    def path_of(self, name: str) -> str:
        """Return the path of the file that a setting names, empty when it names none."""
        file = self.values[name]
        return self.certificates + "/" + file if file else ""

    def report(self) -> dict:
        """Return the values as they may be shown: of what is secret, whether it is set."""
        values = dict(self.values)
        for name in SECRETS:
            values[name] = bool(values[name])
        values["wifi"] = [[name, bool(password)] for name, password in values["wifi"]]
        return values
