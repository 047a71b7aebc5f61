"""The two profiles, and which modules each leaves out of an image.

`production` is the whole firmware; it needs a MicroPython of this project's own, frozen or with
ROMFS. `development` is what goes on top of official MicroPython: there every module takes RAM,
so it leaves out what the board cannot use, and the stock `_boot.py` reformats storage that it
cannot read, so it is not for a meter that someone pays by.
"""

from enum import StrEnum

from tools.image.boards import Family

PROFILE_MODULE = "image_profile.py"
"""The module by which the firmware knows its profile."""
PLAIN = ("boot.py", "main.py")
"""Files that MicroPython runs by name: it takes no .mpy for them (pyexec_file_if_exists)."""
NEVER = ("_boot.py",)
"""Runs only as a frozen module."""


class Profile(StrEnum):
    """How an image is meant to be used."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


LEFT_OUT: dict[Family, dict[str, str]] = {
    Family.RP2: {
        "joulegate/drivers/pulse_rmt.py": "the relay pulse of the ESP32",
    },
    Family.ESP32: {
        "joulegate/drivers/pulse_pio.py": "the relay pulse of the RP2040",
    },
}
"""What development leaves out of a board of this family, and what it is for."""


def includes(profile: Profile, family: Family, name: str) -> bool:
    """Tell whether the file `name` goes into an image of `profile`."""
    if name in NEVER:
        return False
    return profile is Profile.PRODUCTION or name not in LEFT_OUT[family]


def profile_source(profile: Profile) -> str:
    """Return the text of the module image_profile."""
    return f'"""How this image is meant to be used."""\n\nNAME = "{profile}"\n'
