"""The other checks of the project: each planted fault is caught, and what is right passes."""

from pathlib import Path

import pytest

from tools.lint import __main__ as lint
from tools.lint import assertions, docs, secrets

SECRETS = [
    "-----BEGIN EC PRIVATE " + "KEY-----",
    "password = " + "'correct-horse'",
    '"api_key": ' + '"0123456789abcdef"',
    "token = 'gh" + "p_0123456789abcdefABCD'",
    "open('/home" + "/anna/meter')",
    "C:" + "\\Users\\anna",
    '"resolved": ' + '"https://index.example/a.tgz"',
]
INNOCENT = [
    "password = input()",
    "token = '12345678901234567890'",
    "api_key=''",
    "see /homeware and /root",
    "-----BEGIN CERTIFICATE-----",
    "password: '{password}'",
]


@pytest.mark.parametrize("line", SECRETS)
def test_secret_is_caught(tmp_path: Path, line: str) -> None:
    (tmp_path / "page.md").write_text(f"first\n{line}\n")
    problems = secrets.check(tmp_path)
    assert [(problem.path, problem.line) for problem in problems] == [(Path("page.md"), 2)]


@pytest.mark.parametrize("line", INNOCENT)
def test_innocent_line_passes(tmp_path: Path, line: str) -> None:
    (tmp_path / "page.md").write_text(line)
    assert secrets.check(tmp_path) == []


METER_KEYS = [
    'KEY = "%s"', "{'vending_key': '%s'}", "key=bytes.fromhex('%s')", "--key %s", "| key | `%s` |",
    '"key": "%s",', "decoder_key: %s",
]
HEX = "8f1d6c" * 7


@pytest.mark.parametrize("form", METER_KEYS)
def test_a_meters_key_is_caught(tmp_path: Path, form: str) -> None:
    (tmp_path / "page.md").write_text("digest " + HEX + "\n" + form % HEX[:40])
    (problem,) = secrets.check(tmp_path)
    assert (problem.line, problem.rule) == (2, "looks like a meter's key")


@pytest.mark.parametrize("key", ["00" * 16, "000102030405060708090a0b0c0d0e0f", "ab" * 20])
def test_a_key_that_is_nobodys_passes(tmp_path: Path, key: str) -> None:
    (tmp_path / "page.md").write_text(f"key = '{key}'")
    assert secrets.check(tmp_path) == []


def test_keys_of_tests_and_quoted_vectors_pass(tmp_path: Path) -> None:
    vectors = tmp_path / "tests" / "vectors" / "a.json"
    vectors.parent.mkdir(parents=True)
    vectors.write_text(f'"{HEX.upper()}"')
    (tmp_path / "tests" / "test_a.py").write_text(f"KEY = '{HEX[3:]}0'")
    (tmp_path / "page.md").write_text(f"--key {HEX}")
    assert secrets.check(tmp_path) == []
    (tmp_path / "page.md").write_text(f"--key {HEX}0")
    assert len(secrets.check(tmp_path)) == 1


def test_published_vectors_are_not_secrets(tmp_path: Path) -> None:
    vectors = tmp_path / "tests" / "vectors" / "key.txt"
    vectors.parent.mkdir(parents=True)
    vectors.write_text(SECRETS[0])
    assert secrets.check(tmp_path) == []


def test_dead_link_is_caught(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "here.md").write_text(
        "[up](../README.md) [web](https://example.org/a) [part](#part)\n"
        "`[code](nowhere.md)`\n```\n[code](nowhere.md)\n```\n"
        "[gone](gone.md#part)\n[also](<gone.txt>)\n"
    )
    (tmp_path / "README.md").write_text("[here](docs/here.md#part) [folder](docs)")
    assert [str(problem) for problem in docs.check(tmp_path)] == [
        "docs/here.md:6: link to gone.md, which is not there",
        "docs/here.md:7: link to gone.txt, which is not there",
    ]


def test_assert_raises_with_a_callable_is_refused(tmp_path: Path) -> None:
    for folder in assertions.FOLDERS:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "test_a.py").write_text(
            "with self.assertRaises(ValueError):\n    f()\n"
            "self.assertRaises(ValueError, f)\n"
            "self.assertRaises(ValueError, callable=f)\n"
        )
    assert [problem.line for problem in assertions.check(tmp_path)] == [3, 4, 3, 4]


def test_exit_code_and_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint.main([str(tmp_path)]) == 0
    (tmp_path / "README.md").write_text("[gone](gone.md)")
    assert lint.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == "README.md:1: link to gone.md, which is not there\n"
