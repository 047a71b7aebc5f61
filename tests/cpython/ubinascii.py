"""Stand-in for MicroPython's other name of `binascii`, which umqtt.simple of PyPI uses."""

from binascii import *  # noqa: F403
