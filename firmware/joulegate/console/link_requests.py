"""Changes of the link at a technician's request: its settings, and the files of certificates.

A setting is taken in the form in which it is reported, too: the password `true` of a Wi-Fi
network is the one that the meter has, since nobody can read it to give it back. A key goes in
and never comes out.
"""

import json
import os
from errno import ENOENT

from micropython import const

from joulegate.console.link_reports import FILES_MAX, files, link
from joulegate.core import events as event
from joulegate.storage.link_settings import SECRETS, LinkSettingError, check, text_rule

FILE_SIZE_MAX = const(4096)
_SEQUENCE = const(0x30)
_PART = "/.new"
"""No name of a file begins with a dot, so this is nobody's."""
_NAMING = ("ca", "certificate", "key")


def change(app: object, values: dict) -> dict:
    """Change settings, all or none, and return the report; ValueError, OSError."""
    if not isinstance(values, dict) or not values:
        raise ValueError("values: must be an object of one link setting or more")
    if "wifi" in values:
        values = dict(values)
        values["wifi"] = _with_passwords(app.network.settings.values["wifi"], values["wifi"])
    app.network.change(values)
    return link(app)


def value(name: str, text: str) -> object:
    """Return what was typed for a setting; whether it may be is for its check to say."""
    if text_rule(name) is None or text == '""':
        try:
            return json.loads(text)
        except ValueError:
            pass
    return text


def shown(name: str, value: object) -> str:
    """Return what to show of a setting that was changed."""
    if name in SECRETS or name == "wifi":
        return "%s is set" % name
    return "%s is %s" % (name, json.dumps(value))


def _with_passwords(stored: list, wanted: object) -> object:
    """Return the networks with the passwords that stand for `true` and `false`."""
    if not isinstance(wanted, list):
        return wanted
    known = {name: password for name, password in stored}
    found = []
    for entry in wanted:
        if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], bool):
            name = entry[0]
            if not entry[1]:
                entry = [name, ""]
            elif isinstance(name, str) and name in known:
                entry = [name, known[name]]
            else:
                raise ValueError(
                    "link setting wifi: network %r: has no password that could be kept" % (name,))
        found.append(entry)
    return found


def store_file(app: object, name: str, data: bytes) -> dict:
    """Store a certificate or a key in place of one of this name; return the list of files.

    ValueError for a name, a size or a content that cannot be right, OSError, and what was there
    is as it was.
    """
    _check_name(name)
    if len(data) > FILE_SIZE_MAX:
        raise ValueError("link file %s: %d bytes: must be at most %d" % (
            name, len(data), FILE_SIZE_MAX))
    if not _is_der(data):
        raise ValueError("link file %s: must be one whole DER object, as PEM is not" % name)
    folder = app.network.settings.certificates
    names = _names(folder)
    if name not in names and len(names) >= FILES_MAX:
        raise ValueError("link file %s: there are %d, and must be at most %d: remove one" % (
            name, len(names), FILES_MAX))
    if names is _NONE:
        os.mkdir(folder)
    with open(folder + _PART, "wb") as f:
        f.write(data)
    os.rename(folder + _PART, folder + "/" + name)
    return _changed(app, folder)


def remove_file(app: object, name: str) -> dict:
    """Remove a file that no setting names; return the list of files. ValueError, OSError."""
    _check_name(name)
    settings = app.network.settings
    if name not in _names(settings.certificates):
        raise ValueError("link file %s: there is none of this name" % name)
    for setting in _NAMING:
        if settings.values["tls"] and settings.values["host"] and (
                settings.values[setting] == name):
            raise ValueError("link file %s: must stay while setting %s names it" % (
                name, setting))
    os.remove(settings.certificates + "/" + name)
    return _changed(app, settings.certificates)


_NONE: tuple = ()


def _names(folder: str) -> "list | tuple":
    """Return the names in the folder, _NONE when there is no folder; OSError."""
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    except OSError as e:
        if e.errno != ENOENT:
            raise
        return _NONE


def _changed(app: object, folder: str) -> dict:
    app.log.add(event.SETTINGS_CHANGED, app.clock.now())
    if app.network.link is not None:
        app.network.link.reconnect()
    return {"files": files(folder)}


def _check_name(name: object) -> None:
    """Raise ValueError unless a setting may name such a file."""
    try:
        if not name:
            raise LinkSettingError("must not be empty")
        check("certificate", name)
    except LinkSettingError as e:
        raise ValueError("link file %r:%s" % (name, " " + str(e).split(": ")[-1])) from None


def _is_der(data: bytes) -> bool:
    """Return whether this is one ASN.1 sequence from end to end (X.690, section 8.1.3)."""
    if len(data) < 2 or data[0] != _SEQUENCE:
        return False
    size = data[1]
    at = 2
    if size & 0x80:
        at += size & 0x7F
        if not 3 <= at <= 4 or len(data) < at:
            return False
        size = int.from_bytes(data[2:at], "big")
    return at + size == len(data)
