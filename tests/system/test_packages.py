"""Only what was pinned is unpacked, and only where it belongs."""

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from tools.setup.packages import PACKAGES, PEERS, Package, PackageError, main, unpack

PACKAGE = Package("micropython-a", "1.0", "", ("a/b.py",))


def archive(folder: Path, members: dict[str, bytes | None]) -> tuple[Package, Path]:
    """An archive of `members`, None for a link, and the package pinned to its hash."""
    path = folder / "micropython-a-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            if content is None:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content or b""))
    return replace(PACKAGE, sha256=hashlib.sha256(path.read_bytes()).hexdigest()), path


def test_named_modules_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "lib"
    members = {
        "micropython-a-1.0/a/b.py": b"x = 1\n",
        "micropython-a-1.0/setup.py": b"boom",
        "../outside.py": b"boom",
    }
    unpack(*archive(tmp_path, members), target)
    assert [p.relative_to(target).as_posix() for p in target.rglob("*.*")] == ["a/b.py"]
    assert (target / "a/b.py").read_bytes() == b"x = 1\n"
    assert not (tmp_path / "outside.py").exists()


def test_another_hash_is_refused(tmp_path: Path) -> None:
    package, path = archive(tmp_path, {"micropython-a-1.0/a/b.py": b""})
    with pytest.raises(PackageError, match="SHA-256 is .* pinned is 0000"):
        unpack(replace(package, sha256="0" * 64), path, tmp_path / "lib")
    assert not (tmp_path / "lib").exists()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"micropython-a-1.0/a/c.py": b""}, "holds no a/b.py"),
        ({"micropython-a-1.0/a/b.py": None}, "no plain file"),
    ],
)
def test_missing_module_or_link_is_refused(tmp_path: Path, members: dict, words: str) -> None:
    with pytest.raises(PackageError, match=words):
        unpack(*archive(tmp_path, members), tmp_path / "lib")


def test_every_pin_is_whole() -> None:
    for package in PACKAGES + PEERS:
        assert len(bytes.fromhex(package.sha256)) == 32
        assert package.modules


@pytest.mark.parametrize("arguments", [[], ["a", "others"], ["a", "peers", "b"], ["", "peers"]])
def test_what_is_asked_wrongly_is_refused(arguments: list[str]) -> None:
    assert main(arguments) == 2


def test_what_only_tests_speak_to_is_no_part_of_the_firmware() -> None:
    ours = {module for package in PACKAGES for module in package.modules}
    assert not ours & {module for package in PEERS for module in package.modules}
