"""Run the firmware on an emulated RP2040 with real MicroPython, in the bench's world.

`python -m tools.emulate`; docs/emulate.md tells what it needs and what it cannot show.
"""
