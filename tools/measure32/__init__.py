"""Measure memory on a genuine 32-bit MicroPython: bytes a call, live bytes an import.

The unix port has 64-bit objects and 63-bit small ints, so it shows neither the memory that a
board needs nor where the tick path leaves the 31-bit small ints and allocates. The WebAssembly
port under Node.js has the object model of the boards; it has no machine, socket or file system
of theirs, so what is measured must be pure. Its floats are double where a board's are single.
"""

from tools.measure32.runner import Call, MeasureError, Spec, measure

__all__ = ["Call", "MeasureError", "Spec", "measure"]
