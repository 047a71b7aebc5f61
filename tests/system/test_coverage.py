"""The coverage instrument tells which lines ran under MicroPython, and which did not."""

import json
import os
import subprocess
from pathlib import Path

from tests.harness.execution import micropython
from tools.coverage.instrument import instrument_tree
from tools.coverage.report import FileCoverage, measure_coverage, ranges, read_hits, table

MODULE = '''"""A docstring is not counted."""

count = 0


def work(kind):
    """Nor is this one."""
    global count
    try:
        for i in range(kind):
            if i == 1:
                count += 1
            elif i == 7:
                count = 0
            else:
                pass
        else:
            with open("/dev/null") as file:
                file.read()
        if kind == 9:
            raise ValueError
    except ValueError:
        return 0
    finally:
        count += 10
    while kind < 0:
        kind += 1
    return count


def never():
    return 1
'''


def test_lines_that_ran_and_that_did_not(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "package").mkdir(parents=True)
    (source / "package" / "work.py").write_text(MODULE)
    (source / "alone.py").write_text("x = 1\n")
    (source / "empty.py").write_text('"""Nothing here."""\n')
    instrument_tree(source, target)
    program = (
        "from package.work import work\nassert work(3) == 11\n"
        f"import _cov\n_cov.save({str(tmp_path / 'a.json')!r})"
    )
    environment = {**os.environ, "MICROPYPATH": str(target)}
    subprocess.run([micropython(), "-c", program], env=environment, check=True, timeout=60)
    (tmp_path / "b.json").write_text(json.dumps({"package/work.py": [27]}))
    files = measure_coverage(source, read_hits(tmp_path))
    assert files == [
        FileCoverage("alone.py", 1, (1,)),
        FileCoverage("package/work.py", 20, (14, 21, 23, 32)),
    ]


def test_table_and_total() -> None:
    text = table([FileCoverage("a.py", 8, (3, 4, 5, 9)), FileCoverage("b.py", 2, ())])
    assert text.splitlines()[1:] == [
        "a.py       8      4   50.0 %  3-5, 9",
        "b.py       2      0  100.0 %",
        "Total     10      4   60.0 %",
    ]
    assert ranges(()) == ""
