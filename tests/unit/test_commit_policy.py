"""Energy between two commits, by what holds the ledger."""

import os
import unittest

from joulegate.storage import commit_policy


class Storage:
    """`os` of a meter whose storage has so many KiB, in blocks of so many bytes."""

    def __init__(self, size_KiB, block):
        self.facts = (block, block, size_KiB * 1024 // block, 0, 0, 0, 0, 0, 0, 255)

    def statvfs(self, folder):
        if not folder:
            raise OSError(2)
        return self.facts


class CommitPolicy(unittest.TestCase):

    def tearDown(self):
        commit_policy.os = os

    def least(self, size_KiB, block=4096, in_fram=False):
        commit_policy.os = Storage(size_KiB, block)
        return commit_policy.least_Wh(in_fram, "/flash")

    def test_fram(self):
        self.assertEqual(self.least(512, in_fram=True), 10)

    def test_flash(self):
        for size_KiB, least in ((512, 360), (1020, 360), (1024, 100), (8192, 100)):
            self.assertEqual(self.least(size_KiB), least)
        self.assertEqual(self.least(1 << 31, 1 << 16), 100)
        self.assertEqual(commit_policy.least_Wh(False, ""), 360)


if __name__ == "__main__":
    unittest.main()
