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
NUMBERS = """
port 8883 1 65535
keepalive_s 120 30 1200 s
home_seconds 30 10 3600 s
lora_port 2 1 223
lora_sub_band 0 0 8 , 0 for all
lora_airtime_s 300 10 864 s
"""
"""Lines of name, default, lowest, highest and unit; the text begins with a newline. This and the
next are texts, as a dict of them would stand in the heap for ever."""

TEXTS = """
host 0 253 .-
server_name 0 253 .-
ca 0 32 .-_ ca.der
certificate 0 32 .-_
key 0 32 .-_
user 0 64 any
password 0 128 any
apn 0 63 .-_
apn_user 0 32 .-_@
apn_password 0 32 .-_@
sim_pin 4 8 0
ppp_number 3 16 0*# *99#
home_prefix 1 32 .-_/ homeassistant
lora_dev_eui 16 16 0abcdefABCDEF
lora_join_eui 16 16 0abcdefABCDEF
lora_app_key 32 32 0abcdefABCDEF
"""
"""Lines of name, fewest and most bytes unless empty, what is allowed, and the default, if there
is one. Allowed are letters, digits and these; with 0 before them only digits and these; any: all
but control characters."""


def names_in(table: str) -> list:
    """Return the names of NUMBERS or TEXTS."""
    return [line.split(" ")[0] for line in table.strip().split("\n")]


def number_rule(name: str) -> "tuple | None":
    """Return (default, lowest, highest, unit) of a setting, None if it is not a number's."""
    row = _row(NUMBERS, name)
    if row is None:
        return None
    default, low, high, unit = (row + " ").split(" ", 3)
    unit = unit.strip()
    if unit and unit[0] != ",":
        unit = " " + unit
    return int(default), int(low), int(high), unit


def text_rule(name: str) -> "tuple | None":
    """Return (default, fewest, most, allowed or None for any), None if it is not a text's."""
    row = _row(TEXTS, name)
    if row is None:
        return None
    least, most, allowed, default = (row + " ").split(" ", 3)
    return default.strip(), int(least), int(most), None if allowed == "any" else allowed


def _row(table: str, name: str) -> "str | None":
    """Return what follows a name on its line."""
    if not isinstance(name, str) or " " in name or "\n" in name:
        return None
    begin = "\n" + name + " "
    at = table.find(begin)
    return None if at < 0 else table[at + len(begin):table.find("\n", at + 1)]


class LinkSettingError(ValueError):
    """A setting that is refused: says the name, the rule, and the value unless it is secret."""


def check(name: str, value: object) -> None:
    """Raise LinkSettingError unless `value` may stand under `name`."""
    rule = ""
    number = number_rule(name)
    text = text_rule(name)
    if number is not None:
        _, low, high, unit = number
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            rule = "must be %d to %d%s" % (low, high, unit)
    elif text is not None:
        rule = _text_rule(value, *text[1:])
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
    values: dict = {name: number_rule(name)[0] for name in names_in(NUMBERS)}
    values.update({name: text_rule(name)[0] for name in names_in(TEXTS)})
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
