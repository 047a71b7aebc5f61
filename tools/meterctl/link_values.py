"""Settings of the link as a person types them; what is secret is asked for, or read."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import typer

from tools.meterctl import firmware
from tools.meterctl.errors import BadInput

PROMPT = "@prompt"
STANDARD_INPUT = "@-"
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_SECRET_MAX = 256


def rules() -> Any:
    """Return the firmware's module of the link's settings."""
    return firmware.module("storage.link_settings")


def read(pairs: list[str]) -> dict[str, Any]:
    """Return NAME=VALUE pairs as values, each checked by the firmware's own rules; BadInput.

    A secret is NAME=@prompt, NAME=@FILE, NAME=@- for standard input, or empty.
    """
    split: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            # Whatever was typed here may be a password.
            raise BadInput(f"link setting {name.split()[0] if name.split() else ''!r}: must be "
                           "NAME=VALUE")
        if name in split:
            raise BadInput(f"link setting {name}: is given twice")
        split[name] = text
    # All are looked at before the first is asked for.
    known = rules()
    for name, text in split.items():
        if name not in known.defaults():
            raise BadInput(f"link setting {name}: must be one of {', '.join(known.defaults())}")
        if name == "wifi":
            raise BadInput("link setting wifi: is set by `meterctl link wifi add` and `remove`")
        if name in known.SECRETS and text and not text.startswith("@"):
            raise BadInput(
                f"link setting {name}: on a command line others could read it: must be "
                f"{name}={PROMPT}, {name}=@FILE or {name}={STANDARD_INPUT}")
    return {name: checked(name, _value(name, text)) for name, text in split.items()}


def checked(name: str, value: Any) -> Any:
    """Return the value; BadInput unless the firmware's rules allow it."""
    try:
        rules().check(name, value)
    except ValueError as e:
        raise BadInput(str(e)) from None
    return value


def _value(name: str, text: str) -> Any:
    known = rules()
    if name in known.SECRETS:
        return secret(name, text) if text else ""
    if known.number_rule(name) and _WHOLE.fullmatch(text):
        return int(text)
    if name in known.SWITCHES:
        return _SWITCH.get(text.lower(), text)
    if name == "transports":
        return [item.strip() for item in text.split(",") if item.strip()]
    return text


def secret(what: str, source: str) -> str:
    """Return a secret from @prompt, @- (a line of standard input) or @FILE (its one line)."""
    if source == PROMPT:
        found: str = typer.prompt(what, hide_input=True, err=True, default="",
                                  show_default=False)
        return _line(what, found)
    if source == STANDARD_INPUT:
        return _line(what, sys.stdin.readline())
    file = Path(source[1:])
    try:
        return _line(what, file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as e:
        raise BadInput(f"{what}: file {file}: {getattr(e, 'strerror', None) or e}") from None


def _line(what: str, text: str) -> str:
    line = text.removesuffix("\n").removesuffix("\r")
    if not line or "\n" in line or len(line) > _SECRET_MAX:
        raise BadInput(f"{what}: must be one line of at most {_SECRET_MAX} characters")
    return line


def shown(value: Any) -> str:
    """Return a setting as the meter reports it, in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(item if isinstance(item, str) else json.dumps(item)
                         for item in value) or "none"
    return str(value)
