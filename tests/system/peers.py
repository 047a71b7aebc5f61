"""Peers that come from outside the package index: found, or the tests that need them skipped.

Where JOULEGATE_PEERS is "required", as in CI, a peer that is missing fails the test instead.
"""

import os
import shutil
from typing import NoReturn

import pytest

SEARCH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
"""Where daemons are, too, on Debian."""


def missing(what: str, how: str) -> NoReturn:
    """End the test for want of a peer; how: to install it."""
    text = f"{what} is not installed: {how}"
    if os.environ.get("JOULEGATE_PEERS") == "required":
        pytest.fail(text)
    pytest.skip(text)


def program(name: str, package: str = "") -> str:
    """The path of a program; the test ends without it. package: Debian's, if not of its name."""
    found = shutil.which(name, path=SEARCH)
    if found is None:
        missing(name, f"apt-get install {package or name}")
    return found
