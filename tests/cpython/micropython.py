"""Stand-in for MicroPython's `micropython` module, so that unit tests also run on CPython."""


def const(value):
    return value


def native(function):
    return function


def viper(function):
    return function
