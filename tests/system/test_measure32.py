"""The 32-bit instrument shows the known sizes, so that a budget held with it means something."""

from pathlib import Path

import pytest

from tools.measure32 import Call, MeasureError, measure

# Sizes in bytes: a block is 16, a float or a big int takes one, an int object is small from
# -2**30 to 2**30 - 1.
KNOWN: list[tuple[float, Call]] = [
    (0, {"name": "small int", "setup": "x = 5", "stmt": "x + 1"}),
    (0, {"name": "last small int", "setup": "x = (1 << 30) - 2", "stmt": "x + 1"}),
    (16, {"name": "float", "setup": "x = 230.5", "stmt": "x * 1.5"}),
    (64, {"name": "f-string", "setup": "x = 5", "stmt": "f'{x} kWh'"}),
    (32, {"name": "percent", "setup": "x = 5", "stmt": "'%d kWh' % x"}),
    (32, {"name": "pack", "setup": "import struct\nx = 5", "stmt": "struct.pack('>I', x)"}),
    (
        0,
        {
            "name": "pack_into",
            "setup": "import struct\nx = 5\nb = bytearray(8)",
            "stmt": "struct.pack_into('>I', b, 0, x)",
        },
    ),
    (16, {"name": "view", "setup": "m = memoryview(bytearray(64))", "stmt": "m[2:10]"}),
    (0, {"name": "loop", "setup": "d = [1, 2, 3]", "stmt": "for i in d:\n    pass"}),
    (0, {"name": "once", "setup": "x = 5", "stmt": "x + 1", "n": 1}),
]


def test_known_sizes_and_the_edge_of_small_ints() -> None:
    big: Call = {"name": "beyond", "setup": "x = (1 << 30) - 1", "stmt": "x + 1"}
    calls = measure({"calls": [*(call for _, call in KNOWN), big]}, [])["calls"]
    assert calls.pop("beyond") > 0
    assert calls == {call["name"]: size for size, call in KNOWN}


def test_imports_are_charged_what_stays(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "package").mkdir(parents=True)
    second.mkdir()
    (first / "package" / "kept.py").write_text("kept = bytearray(4096)\n")
    (second / "garbage.py").write_text("import package.kept\nbytearray(65536)\n")
    imports = measure({"imports": ["package.kept", "garbage"]}, [first, second])["imports"]
    assert 4096 <= imports["package.kept"] < 5120
    assert 0 < imports["garbage"] < 1024


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"imports": ["nowhere"]}, "import nowhere: .*no module named 'nowhere'"),
        ({"calls": [{"name": "zero", "stmt": "1 // 0"}]}, "call zero: .*divide by zero"),
        ({"calls": [{"name": "n", "stmt": "1", "n": 0}]}, "'n': n is 0, not 1 to"),
        ({"calls": [{"name": "a", "stmt": "1"}] * 2}, "'a': the name stands twice"),
        ({"import": []}, r"\['import'\] is neither"),
    ],
)
def test_what_cannot_be_measured_is_an_error(spec: dict, words: str) -> None:
    with pytest.raises(MeasureError, match=f"(?s){words}"):
        measure(spec, [])
