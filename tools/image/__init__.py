"""What is flashed: file systems for official MicroPython, frozen builds, and how to flash them.

See docs/images.md. `python -m tools.image` is the command line.
"""
