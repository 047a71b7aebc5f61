"""`python -m tools.display draw STATE.json PICTURE.png`, `map`, and `glass PICTURE.png`.

Draws what a display shows; prints the map of the reference glass as a table; draws all of its
segments. STATE.json is what a model's state() gives; the models are in tools/bench/world.
"""

import argparse
import json
import sys
from pathlib import Path

from tools.display import picture, reference_glass


def main() -> int:
    """Do what the arguments say; 1 if it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m tools.display", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("map")
    draw = commands.add_parser("draw")
    draw.add_argument("state", type=Path)
    draw.add_argument("picture", type=Path)
    glass = commands.add_parser("glass")
    glass.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "map":
        print(reference_glass.table(), end="")
        return 0
    if arguments.command == "glass":
        picture.draw(picture.ALL_SEGMENTS).save(arguments.picture)
        return 0
    try:
        state = json.loads(arguments.state.read_text(encoding="utf-8"))
        picture.draw(state).save(arguments.picture)
    except (OSError, ValueError) as e:
        print(f"display: {arguments.state}: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
