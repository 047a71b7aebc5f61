"""The flash model: NOR rules, littlefs on it, image files, and power cuts at every operation."""

import unittest
from errno import EIO

import vfs
from scratch import scratch_folder

from world.flash import PAGE, SECTOR, Flash

SECTORS = 16


class TestChip(unittest.TestCase):
    def setUp(self) -> None:
        self.flash = Flash(SECTORS)

    def read(self, block: int, offset: int, size: int) -> bytes:
        buf = bytearray(size)
        self.flash.readblocks(block, buf, offset)
        return bytes(buf)

    def test_geometry(self) -> None:
        whole = Flash()
        self.assertEqual(whole.ioctl(4, 0) * whole.ioctl(5, 0), 1408 * 1024)
        self.assertEqual(self.flash.ioctl(4, 0), SECTORS)
        for request in (1, 2, 3):
            self.assertEqual(self.flash.ioctl(request, 0), 0)
        self.assertTrue(self.flash.ioctl(99, 0) is None)

    def test_new_chip_is_erased(self) -> None:
        self.assertTrue(self.flash.blank)
        self.assertEqual(self.read(3, 100, 50), b"\xff" * 50)
        self.flash.writeblocks(3, bytes(PAGE), 0)
        self.assertFalse(self.flash.blank)

    def test_programming_clears_bits_only(self) -> None:
        self.flash.writeblocks(2, b"\xf0" * PAGE, PAGE)
        self.flash.writeblocks(2, b"\x30" * PAGE, PAGE)
        self.assertEqual(self.read(2, PAGE - 1, PAGE + 2), b"\xff" + b"\x30" * PAGE + b"\xff")
        with self.assertRaises(ValueError):
            self.flash.writeblocks(2, b"\x31" * PAGE, PAGE)
        self.assertEqual(self.read(2, PAGE, 2), b"\x30\x30")
        self.assertEqual(self.flash.ioctl(6, 2), 0)
        self.assertEqual(self.read(2, 0, SECTOR), b"\xff" * SECTOR)

    def test_whole_pages_only(self) -> None:
        for size, offset in ((100, 0), (PAGE, 16)):
            with self.assertRaises(ValueError):
                self.flash.writeblocks(0, bytes(size), offset)

    def test_access_over_sector_bounds(self) -> None:
        self.flash.writeblocks(4, b"\x11" * PAGE * 2, SECTOR - PAGE)
        self.assertEqual(self.read(4, SECTOR - 2, 4), b"\x11" * 4)
        self.assertEqual(self.read(5, 0, PAGE + 1), b"\x11" * PAGE + b"\xff")
        self.assertEqual(self.read(4, SECTOR, 1), b"\x11")

    def test_access_outside_is_refused(self) -> None:
        for block, offset in ((-1, 0), (SECTORS, 0), (0, -1), (SECTORS - 1, SECTOR)):
            with self.assertRaises(ValueError):
                self.read(block, offset, 1)
        with self.assertRaises(ValueError):
            self.flash.writeblocks(SECTORS, bytes(PAGE), 0)
        with self.assertRaises(ValueError):
            self.flash.ioctl(6, SECTORS)
        for sectors in (0, 4097):
            with self.assertRaises(ValueError):
                Flash(sectors)

    def test_simple_protocol_erases_first(self) -> None:
        self.flash.writeblocks(1, bytes(SECTOR))
        self.flash.writeblocks(1, b"\xaa" * SECTOR)
        self.assertEqual(self.read(1, SECTOR - 1, 1), b"\xaa")
        self.assertEqual(self.flash.erases, 2)

    def test_counts(self) -> None:
        self.flash.writeblocks(1, bytes(PAGE * 3), 0)
        self.flash.ioctl(6, 1)
        self.flash.ioctl(6, 1)
        self.read(0, 0, 16)
        self.assertEqual((self.flash.programs, self.flash.erases, self.flash.reads), (3, 2, 1))
        self.assertEqual(self.flash.sector_erases[:3], [0, 2, 0])
        self.assertEqual(self.flash.operations, 5)


class TestPowerCut(unittest.TestCase):
    def test_whole_cut_leaves_the_operation_undone(self) -> None:
        flash = Flash(SECTORS)
        flash.cut_power_at(2)
        flash.writeblocks(0, bytes(PAGE), 0)
        self.assertEqual(flash.writeblocks(0, bytes(PAGE), PAGE), -EIO)
        self.assert_dead(flash)
        flash.restore_power()
        buf = bytearray(2)
        flash.readblocks(0, buf, PAGE - 1)
        self.assertEqual(buf, b"\x00\xff")

    def test_torn_program_and_erase_are_half_done(self) -> None:
        flash = Flash(SECTORS)
        flash.cut_power_at(1, torn=True)
        self.assertEqual(flash.writeblocks(0, bytes(PAGE), 0), -EIO)
        flash.restore_power()
        buf = bytearray(PAGE)
        flash.readblocks(0, buf)
        self.assertEqual(buf, bytes(PAGE // 2) + b"\xff" * (PAGE // 2))
        flash.writeblocks(0, bytes(PAGE), SECTOR - PAGE)
        flash.cut_power_at(1, torn=True)
        self.assertEqual(flash.ioctl(6, 0), -EIO)
        flash.restore_power()
        flash.readblocks(0, buf)
        self.assertEqual(buf, b"\xff" * PAGE)
        flash.readblocks(0, buf, SECTOR - PAGE)
        self.assertEqual(buf, bytes(PAGE))

    def test_cut_between_operations_and_disarmed_cut(self) -> None:
        flash = Flash(SECTORS)
        flash.cut_power()
        self.assert_dead(flash)
        flash.restore_power()
        flash.cut_power_at(1)
        flash.restore_power()
        flash.writeblocks(0, bytes(PAGE), 0)
        with self.assertRaises(ValueError):
            flash.cut_power_at(0)

    def test_overwrite_in_place_is_old_or_new_under_every_cut(self) -> None:
        seen = set()
        for torn in (False, True):
            cut = 0
            done = False
            while not done:
                cut += 1
                content, done = self.overwrite_with_cut(cut, torn)
                self.assertTrue(content in (b"O" * 480, b"N" * 480))
                seen.add(content[:1])
            self.assertTrue(cut > 2)
        self.assertEqual(seen, {b"O", b"N"})

    def test_same_mount_goes_on_after_a_passing_fault(self) -> None:
        flash = formatted()
        mount(flash)
        flash.cut_power_at(1)
        with self.assertRaises(OSError), open("/flash/record", "wb") as file:
            file.write(b"lost")
        flash.restore_power()
        with open("/flash/record", "wb") as file:
            file.write(b"kept")
        with open("/flash/record", "rb") as file:
            self.assertEqual(file.read(), b"kept")
        vfs.umount("/flash")

    def overwrite_with_cut(self, cut: int, torn: bool) -> tuple:
        flash = formatted()
        mount(flash)
        with open("/flash/record", "wb") as file:
            file.write(b"O" * 480)
        flash.cut_power_at(cut, torn)
        done = True
        try:
            with open("/flash/record", "r+b") as file:
                file.write(b"N" * 480)
        except OSError as error:
            self.assertEqual(error.errno, EIO)
            done = False
        flash.cut_power()
        vfs.umount("/flash")
        mount(flash.snapshot())
        with open("/flash/record", "rb") as file:
            content = file.read()
        vfs.umount("/flash")
        return content, done

    def assert_dead(self, flash: Flash) -> None:
        self.assertEqual(flash.readblocks(0, bytearray(1)), -EIO)
        self.assertEqual(flash.writeblocks(0, bytes(PAGE), 0), -EIO)
        self.assertEqual(flash.ioctl(6, 0), -EIO)


class TestImage(unittest.TestCase):
    def setUp(self) -> None:
        self.image = scratch_folder("flash") + "/chip.img"

    def test_stopped_meter_starts_where_it_was(self) -> None:
        flash = Flash(SECTORS, self.image)
        vfs.VfsLfs2.mkfs(flash, progsize=PAGE)
        mount(flash)
        with open("/flash/a", "wb") as file:
            file.write(b"kept")
        # Not closed: what is written through is in the file at once.
        mount_again = Flash(SECTORS, self.image)
        vfs.umount("/flash")
        mount(mount_again)
        with open("/flash/a", "rb") as file:
            self.assertEqual(file.read(), b"kept")
        vfs.umount("/flash")
        flash.close()
        mount_again.close()

    def test_torn_operation_reaches_the_file(self) -> None:
        flash = Flash(SECTORS, self.image)
        flash.cut_power_at(1, torn=True)
        self.assertEqual(flash.writeblocks(3, bytes(PAGE), 0), -EIO)
        flash.close()
        buf = bytearray(PAGE)
        again = Flash(SECTORS, self.image)
        again.readblocks(3, buf)
        again.close()
        self.assertEqual(buf, bytes(PAGE // 2) + b"\xff" * (PAGE // 2))

    def test_image_of_another_size_is_refused(self) -> None:
        Flash(SECTORS, self.image).close()
        with self.assertRaises(ValueError):
            Flash(SECTORS + 1, self.image)


def formatted() -> Flash:
    flash = Flash(SECTORS)
    vfs.VfsLfs2.mkfs(flash, progsize=PAGE)
    return flash


def mount(flash: Flash) -> None:
    vfs.mount(vfs.VfsLfs2(flash, progsize=PAGE), "/flash")
