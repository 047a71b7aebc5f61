"""Joulegate: firmware of a prepaid electricity meter."""

__version__ = "0.1.0"
