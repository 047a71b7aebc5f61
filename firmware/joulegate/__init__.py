"""Joulegate: firmware of a prepaid electricity meter."""

__version__ = "0.2.0"
