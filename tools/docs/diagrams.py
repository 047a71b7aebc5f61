"""`python -m tools.docs.diagrams`: draw docs/images/layers.svg and flow.svg.

The layers are those of the import rule, the lines between them what the code does import. The flow
is what docs/architecture.md tells of one tick, of a purchase and of what is sent.
"""

from collections.abc import Iterable
from html import escape
from pathlib import Path

from tools.bench.process import ROOT
from tools.lint.imports import MIDDLE, OUTER, area_of, imported, module_name
from tools.lint.problem import Problem, python_sources

IMAGES = ROOT / "docs" / "images"
Box = tuple[int, int, int, str, str]
"""x, y, width, name, what it is."""
HEIGHT = 44
FILLS = {"": "#e0f2f1", "tool": "#fff8e1", "store": "#e8eaf6"}

LAYERS: dict[str, Box] = {
    "app": (290, 16, 200, "app.py", "knows everybody"),
    "top": (520, 16, 244, "beside app.py", "metering, clock, supply switch"),
    "link": (16, 110, 140, "link", "network, uplink"),
    "bus": (168, 110, 140, "bus", "RS485, Modbus"),
    "panel": (320, 110, 140, "panel", "display, keys"),
    "console": (472, 110, 140, "console", "technician"),
    "health": (624, 110, 140, "health", "self test, starts"),
    "drivers": (92, 204, 180, "drivers", "one part a file"),
    "storage": (300, 204, 180, "storage", "all that survives"),
    "vending": (508, 204, 180, "vending", "the gate, keys, tokens"),
    "core": (250, 298, 280, "core", "pure rules; everybody imports it"),
}

FLOW: dict[str, Box] = {
    "ic": (16, 16, 130, "metering IC", "counts, V, I, P"),
    "registers": (176, 16, 130, "Registers", "Wh by quadrant"),
    "pricing": (336, 16, 130, "Pricing", "period, tier"),
    "account": (496, 16, 130, "Account", "balance"),
    "supply": (656, 16, 130, "Supply", "reasons, lifts"),
    "relay": (816, 16, 130, "relay", "pulse, proof"),
    "carriers": (176, 112, 130, "carriers", "net, SMS, keys, bus"),
    "gate": (336, 112, 130, "gate", "key, number, TID"),
    "journal": (496, 112, 130, "journal", "purchases"),
    "ledger": (656, 112, 130, "ledger", "one atomic record"),
    "detectors": (816, 112, 130, "detectors", "protection, tamper"),
    "receipt": (336, 208, 130, "receipt", "after the commit"),
    "records": (656, 208, 130, "records", "freezes, events"),
    "outbox": (496, 208, 130, "outbox", "until acknowledged"),
    "views": (816, 208, 130, "display, bus", "look, change nothing"),
    "head_end": (496, 304, 130, "head-end", "acknowledges"),
}
STORES = {"journal", "ledger", "records", "outbox", "storage"}
OUTSIDE = {"ic", "relay", "carriers", "views", "head_end"}
FLOWS = (
    "ic registers", "registers pricing", "pricing account", "account supply", "supply relay",
    "carriers gate", "gate journal", "journal ledger", "gate account", "account ledger",
    "detectors supply", "supply ledger", "ledger records", "records outbox", "records views",
    "gate receipt", "receipt outbox", "receipt carriers", "outbox head_end",
)


def layer_edges() -> list[tuple[str, str]]:
    """Return which folder of the firmware imports which, as the code is."""
    found = set()
    for source in python_sources(ROOT, "firmware"):
        if isinstance(source, Problem):
            continue
        module = module_name(source.path, "firmware")
        area = area_of(module)
        for _, name in imported(source.tree, module, source.path.name == "__init__.py"):
            target = area_of(name)
            if area in LAYERS and target in LAYERS and area != target:
                found.add((area, target))
    return sorted(found)


def drawn(
    boxes: dict[str, Box], edges: Iterable[tuple[str, str]], title: str, size: tuple[int, int]
) -> str:
    """Return boxes and arrows as SVG, on a ground of their own, for light and dark pages."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" '
        'font-family="sans-serif" role="img">',
        f"<title>{escape(title)}</title>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#546e7a"/></marker></defs>',
        f'<rect width="{size[0]}" height="{size[1]}" rx="8" fill="#ffffff"/>',
    ]
    for origin, target in edges:
        x1, y1, x2, y2 = _ends(boxes[origin], boxes[target])
        lines.append(f'<path d="M{x1} {y1}L{x2} {y2}" stroke="#546e7a" stroke-width="1.2" '
                     'fill="none" marker-end="url(#a)"/>')
    for key, (x, y, width, name, what) in boxes.items():
        kind = "store" if key in STORES else "tool" if key in OUTSIDE else ""
        middle = x + width // 2
        lines += [
            f'<rect x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="6" '
            f'fill="{FILLS[kind]}" stroke="#00695c"/>',
            f'<text x="{middle}" y="{y + 19}" text-anchor="middle" font-size="14" '
            f'font-weight="bold" fill="#212121">{escape(name)}</text>',
            f'<text x="{middle}" y="{y + 35}" text-anchor="middle" font-size="11" '
            f'fill="#424242">{escape(what)}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _ends(origin: Box, target: Box) -> tuple[int, int, int, int]:
    """Return where an arrow leaves one box and meets another."""
    across = origin[0] + origin[2] // 2, target[0] + target[2] // 2
    if origin[1] == target[1]:
        right = origin[0] < target[0]
        y = origin[1] + HEIGHT // 2
        return (origin[0] + origin[2] if right else origin[0], y,
                target[0] if right else target[0] + target[2], y)
    down = origin[1] < target[1]
    return (across[0], origin[1] + HEIGHT if down else origin[1],
            across[1], target[1] if down else target[1] + HEIGHT)


def draw(folder: Path) -> None:
    """Write both pictures into a folder."""
    assert set(LAYERS) == MIDDLE | OUTER | {"core", "app", "top"}, "the layers of the import rule"
    # Everybody imports core, and app.py everybody: those lines would only hide the others.
    edges = [(area, target) for area, target in layer_edges()
             if area != "app" and (target != "core" or area in MIDDLE)]
    flows = [(flow.split()[0], flow.split()[1]) for flow in FLOWS]
    for name, text in (
        ("layers.svg", drawn(LAYERS, edges, "Who imports whom in the firmware", (780, 358))),
        ("flow.svg", drawn(FLOW, flows, "From the metering IC to relay, records and head-end",
                           (962, 364))),
    ):
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    draw(IMAGES)
