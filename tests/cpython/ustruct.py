"""Stand-in for MicroPython's other name of `struct`, which umqtt.simple of PyPI uses."""

from struct import *  # noqa: F403
