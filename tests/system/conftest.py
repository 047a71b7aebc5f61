"""Fixtures that several system tests share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fake_meter import Board
from tests.system.modem_peers import EchoServer
from tools.meterctl.__main__ import main


@pytest.fixture
def echo() -> Iterator[EchoServer]:
    """A server on loopback that sends back what it gets."""
    with EchoServer() as server:
        yield server


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    """A meter of made-up answers, which meterctl finds by itself."""
    monkeypatch.setenv("COLUMNS", "80")
    made = Board(tmp_path)
    monkeypatch.setenv("METERCTL_PORT", made.port)
    yield made
    made.close()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """A function that runs a meterctl command and returns exit code, output and errors."""
    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        output, errors = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), output, errors

    return command
