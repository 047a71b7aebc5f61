"""Runs unittest files under CPython and MicroPython and shows each test to pytest."""
