"""Plays atm90e26.json against the bench's model, on MicroPython: play_atm90e26.py VECTORS."""

import json
import sys

from world.atm90e26_model import Atm90e26Model


def frame(chip: Atm90e26Model, pieces: list) -> str:
    """Clock the pieces of a frame in, with the gaps between them; return what came out."""
    seen = ""
    chip.cs(0)
    for i in range(0, len(pieces), 3):
        data = bytearray(bytes.fromhex(pieces[i]))
        chip.exchange(data, data)
        seen += data.hex()
        if i + 2 < len(pieces):
            chip.pause(pieces[i + 2])
            chip.advance(pieces[i + 2])
    chip.cs(1)
    return seen


def play(vector: dict) -> str:
    """Return what is wrong, "" for nothing."""
    chip = Atm90e26Model(shunt_uV_per_A=200, divider_uV_per_V=1250)
    chip.apply(22000, 0, 0, 0)
    for place, step in enumerate(vector["steps"]):
        if step[0] == "pass_ms":
            chip.advance(step[1])
        elif step[0] == "load":
            volts, watts = step[1:]
            chip.apply(volts * 100, abs(watts) * 1000 // volts, watts * 1000, 0)
        else:
            expected = "".join(step[2::3])
            seen = frame(chip, step[1:])
            if seen != expected:
                return f"{vector['name']}: step {place} {step!r}: {seen}"
    return ""


with open(sys.argv[1]) as f:
    vectors = json.load(f)["vectors"]
wrong = [text for text in (play(vector) for vector in vectors) if text]
print("\n".join(wrong) if wrong else f"{len(vectors)} vectors")
sys.exit(1 if wrong else 0)
