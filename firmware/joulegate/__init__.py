"""Joulegate: firmware of a prepaid electricity meter."""

__version__ = "0.2.0"

YEAR = 2026
"""When this firmware was made: a clock that shows an earlier year is wrong."""
