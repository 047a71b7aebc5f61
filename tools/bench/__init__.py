"""The bench: the firmware in a simulated world, seen and steered from the host.

`world/` holds the models and `meter/` the programs that run the firmware among them; both run
under MicroPython. The rest is CPython.
"""
