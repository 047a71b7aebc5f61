# heapsize: 1M
"""Where keys lie: copies, NVS, seals of a secure element, and moves from the one to the other."""

import os
import unittest
from binascii import crc32
from errno import EIO, ENOENT

from element_rig import Nvs, counting, new_chip, started
from parts import error_text
from scratch import scratch_folder

from joulegate.drivers.atecc608 import COUNTER_MAX
from joulegate.storage.record import Record
from joulegate.vending import sts_keys
from joulegate.vending.sts_keys import DecoderKey, KeyStore
from joulegate.vending.vault import DECODER, NAMES, RING, SIZE_MAX, VaultError, files
from joulegate.vending.vault.choice import choose
from joulegate.vending.vault.copies import CopiesVault
from joulegate.vending.vault.files import PLAIN, SEALED, FilePlaces
from joulegate.vending.vault.nvs import NvsPlaces
from joulegate.vending.vault.record import VaultRecord
from joulegate.vending.vault.sealed import SealedVault


def frame(sequence, fill=b"secret", size=SIZE_MAX):
    body = b"TEST\x01" + sequence.to_bytes(4, "little") + fill
    body += bytes(size - 4 - len(body))
    return body + crc32(body).to_bytes(4, "little")


def errno_of(function, *arguments):
    try:
        function(*arguments)
    except OSError as e:
        return e.errno
    return None


def content(path):
    with open(path, "rb") as f:
        return f.read()


def put(path, data):
    with open(path, "wb") as f:
        f.write(data)


class Stuck:
    """An element whose counters do not move any more."""

    counter_max = COUNTER_MAX

    def __init__(self, element):
        self.serial = element.serial
        self.counter = element.counter
        self.encrypt = element.encrypt

    def increment(self, which, before):
        raise RuntimeError("stuck")


class AnyVault:
    """What every vault does."""

    def test_keeps_each_secret(self):
        for name in NAMES:
            vault = self.vault()
            self.assertFalse(vault.has(name))
            self.assertEqual(errno_of(vault.read, name), ENOENT)
            self.assertEqual(vault.problem, "")
        for sequence in (1, 2, 3):
            for size in (13, 46, SIZE_MAX):
                for name in NAMES:
                    secret = frame(sequence, b"", size)
                    vault = self.vault()
                    vault.write(name, secret)
                    self.assertEqual(vault.problem, "")
                    vault = self.vault()
                    self.assertEqual(vault.read(name), secret)
                    self.assertEqual(vault.problem, "")
                    self.assertTrue(vault.has(name))

    def test_one_secret_is_none_of_the_other(self):
        self.vault().write(RING, frame(1))
        self.assertFalse(self.vault().has(DECODER))
        self.assertEqual(errno_of(self.vault().read, DECODER), ENOENT)


class Files(unittest.TestCase, AnyVault):

    def setUp(self):
        self.folder = scratch_folder("vault")

    def vault(self):
        return choose(self.folder, None, "")

    def test_where_they_always_were(self):
        self.vault().write(RING, frame(1))
        self.vault().write(DECODER, frame(2))
        for path, secret in (("/keys/ring.bin", frame(1)), ("/keys.copy/ring.bin", frame(1)),
                             ("/decoder.bin", frame(2))):
            self.assertEqual(content(self.folder + path), secret)

    def test_bounds(self):
        for bad in (b"", frame(1)[:12], frame(1)[:-1], frame(1) + b"\x00",
                    frame(1, size=SIZE_MAX + 1)):
            put(self.folder + "/decoder.bin", bad)
            with self.assertRaises(VaultError):
                self.vault().read(DECODER)


class InNvs(unittest.TestCase, AnyVault):

    def setUp(self):
        self.folder = scratch_folder("vault")
        self.nvs = Nvs()

    def vault(self):
        return choose(self.folder, Nvs(self.nvs.content), "")

    def test_a_failure_at_each_call(self):
        self.vault().write(RING, frame(1))
        for call in range(1, 5):
            for way in ("before", "after"):
                for cut in (False, True):
                    nvs = Nvs(dict(self.nvs.content))
                    nvs.fails[call] = way
                    if cut:
                        nvs.fails["cut"] = True
                    vault = CopiesVault(NvsPlaces(nvs, self.folder))
                    failed = errno_of(vault.write, RING, frame(2)) is not None
                    if not cut:
                        self.assertFalse(failed)  # the other copy holds
                        self.assertTrue("NVS ring." in vault.problem)
                    found = choose(self.folder, Nvs(nvs.content), "").read(RING)
                    self.assertTrue(found in (frame(1), frame(2)))
                    if not failed:
                        self.assertEqual(found, frame(2))

    def test_what_is_not_kept_is_no_write(self):
        class Forgetful(Nvs):
            def set_blob(self, key, value):
                super().set_blob(key, value[:-1])

        vault = CopiesVault(NvsPlaces(Forgetful(), self.folder))
        self.assertEqual(errno_of(vault.write, RING, frame(1)), EIO)

    def test_erased(self):
        self.vault().write(RING, frame(1))
        self.nvs.content.clear()
        self.assertTrue(self.vault().has(RING))
        self.assertFalse(self.vault().has(DECODER))
        text = error_text(VaultError, self.vault().read, RING)
        self.assertTrue("is there no more" in text, text)

    def test_the_newer_copy_counts(self):
        for copy in (0, 1):
            self.vault().write(RING, frame(5 + copy))
            self.nvs.content["ring.%d" % copy] = frame(4)
            self.assertEqual(self.vault().read(RING), frame(5 + copy))


class Sealed(unittest.TestCase, AnyVault):

    def setUp(self):
        self.folder = scratch_folder("vault")
        self.chip = new_chip()
        self.paths = [self.folder + path for path in SEALED[RING]]

    def tearDown(self):
        files.open = open

    def vault(self):
        return choose(self.folder, started(self.chip), "")

    def fail_to_write(self, *paths):
        def failing(path, mode="r"):
            if mode != "rb" and path.replace(".new", "") in paths:
                raise OSError(EIO, "test")
            return open(path, mode)

        files.open = failing

    def test_nothing_of_it_can_be_read(self):
        self.vault().write(RING, frame(1, b"a secret of sixteen and more"))
        for path in self.paths:
            sealed = content(path)
            self.assertEqual(len(sealed), SIZE_MAX + 38)
            self.assertEqual(sealed[:6], b"JGSV\x01\x00")
            for piece in (b"secret", b"TEST", bytes(8)):
                self.assertFalse(piece in sealed)

    def test_never_sealed_alike(self):
        vault = self.vault()
        seen = set()
        for _ in range(3):
            vault.write(RING, frame(1))
            seen.add(content(self.paths[0])[30:46])
        self.assertEqual(len(seen), 3)

    def test_an_older_flash_is_refused(self):
        vault = self.vault()
        vault.write(RING, frame(1))
        older = content(self.paths[0])
        vault.write(RING, frame(2))
        for path in self.paths:
            put(path, older)
        text = error_text(VaultError, self.vault().read, RING)
        self.assertTrue("is number 1, the secure element is at 2: an older copy" in text, text)

    def test_an_element_that_went_back(self):
        self.vault().write(RING, frame(1))
        self.vault().write(RING, frame(2))
        self.chip.counters[0] = 0
        self.assertTrue("is number 2, the secure element is at 0" in error_text(
            VaultError, self.vault().read, RING))

    def test_another_element(self):
        self.vault().write(RING, frame(1))
        self.chip = new_chip(2)
        self.assertTrue(self.vault().has(RING))
        text = error_text(VaultError, self.vault().read, RING)
        self.assertTrue("sealed by another secure element" in text, text)

    def test_the_serial_number_of_the_right_one_does_not_help(self):
        self.vault().write(RING, frame(1))
        self.chip = new_chip(2)
        self.chip.counters[0] = 1
        for path in self.paths:
            sealed = bytearray(content(path))
            sealed[6:15] = started(self.chip).serial
            put(path, sealed)
        self.assertTrue("its seal is broken" in error_text(VaultError, self.vault().read, RING))

    def test_every_byte_counts(self):
        self.vault().write(DECODER, frame(1, size=46))
        path = self.folder + SEALED[DECODER][0]
        sealed = content(path)
        os.remove(self.folder + SEALED[DECODER][1])
        for i in range(len(sealed)):
            put(path, sealed[:i] + bytes((sealed[i] ^ 1,)) + sealed[i + 1:])
            with self.assertRaises(VaultError):
                self.vault().read(DECODER)
        for size in (0, 29, 50, len(sealed) - 1):
            put(path, sealed[:size])
            with self.assertRaises(VaultError):
                self.vault().read(DECODER)

    def test_one_is_not_put_in_place_of_the_other(self):
        self.vault().write(RING, frame(1))
        self.vault().write(DECODER, frame(2))
        for i, path in enumerate(SEALED[DECODER]):
            put(self.folder + path, content(self.paths[i]))
        self.assertTrue("is no sealed decoder" in error_text(
            VaultError, self.vault().read, DECODER))

    def test_a_damaged_copy_is_told_and_mended(self):
        for copy in (0, 1):
            self.vault().write(RING, frame(1))
            put(self.paths[copy], b"")
            vault = self.vault()
            self.assertEqual(vault.read(RING), frame(1))
            self.assertTrue(self.paths[copy] in vault.problem)
            vault.write(RING, frame(2))
            self.assertEqual(content(self.paths[0]), content(self.paths[1]))
            self.assertEqual(vault.read(RING), frame(2))
            self.assertEqual(vault.problem, "")

    def test_the_good_copy_is_overwritten_last(self):
        vault = self.vault()
        for copy in (0, 1):
            vault.write(RING, frame(1))
            put(self.paths[copy], b"")
            written = []

            def noting(path, mode="r", written=written):
                if mode != "rb":
                    written.append(path.replace(".new", ""))
                return open(path, mode)

            files.open = noting
            vault.write(RING, frame(2))
            files.open = open
            self.assertEqual(written, [self.paths[copy], self.paths[1 - copy]])

    def test_one_copy_is_enough_to_go_on(self):
        self.vault().write(RING, frame(1))
        for copy in (0, 1):
            self.fail_to_write(self.paths[copy])
            vault = self.vault()
            vault.write(RING, frame(2 + copy))
            self.assertTrue(self.paths[copy] in vault.problem)
            self.assertEqual(vault.read(RING), frame(2 + copy))
            self.assertEqual(self.vault().read(RING), frame(2 + copy))
            files.open = open

    def test_no_copy_and_nothing_is_changed(self):
        self.vault().write(RING, frame(1))
        self.fail_to_write(*self.paths)
        self.assertEqual(errno_of(self.vault().write, RING, frame(2)), EIO)
        self.assertEqual(self.vault().read(RING), frame(1))
        self.assertEqual(self.chip.counters[0], 1)

    def test_files_gone_is_no_new_start(self):
        self.vault().write(RING, frame(1))
        for path in self.paths:
            os.remove(path)
        self.assertTrue(self.vault().has(RING))
        self.assertTrue("ENOENT" in error_text(VaultError, self.vault().read, RING) or
                        "Errno 2" in error_text(VaultError, self.vault().read, RING))

    def test_an_element_that_falls_silent(self):
        vault = self.vault()
        vault.write(RING, frame(1))
        self.chip.present = False
        self.assertEqual(errno_of(vault.read, RING), EIO)
        self.assertTrue("secure element" in vault.problem)
        self.assertEqual(errno_of(vault.write, RING, frame(2)), EIO)
        self.chip.restore_power()
        self.assertEqual(vault.read(RING), frame(1))
        self.assertEqual(self.vault().read(RING), frame(1))

    def test_an_element_that_falls_silent_in_mid_write(self):
        """Then nobody knows which is in force, until the element can be asked again."""
        for after in (False, True):
            for again in (False, True):
                vault = self.vault()
                vault.write(RING, frame(1))
                before = self.chip.counters[0]
                self.chip.cut_power_at(3, after)
                self.assertEqual(errno_of(vault.write, RING, frame(2)), EIO)
                self.chip.restore_power()
                if again:
                    vault.write(RING, frame(3))
                self.assertEqual(self.vault().read(RING), frame(3 if again else 2))
                self.assertEqual(self.chip.counters[0], before + (2 if again else 1))

    def test_a_number_that_is_sealed_twice_has_two_keys(self):
        places = FilePlaces(self.folder, SEALED)
        seen = set()
        vault = SealedVault(Stuck(started(self.chip)), places, os.urandom)

        class Places:
            count, get, remove, label = places.count, places.get, places.remove, places.label

            def put(self, name, copy, data):
                seen.add(bytes(data[30:46]))
                places.put(name, copy, data)

        vault._places = Places()
        for _ in range(3):
            self.assertEqual(errno_of(vault.write, RING, frame(1)), EIO)
        self.assertEqual(len(seen), 3)

    def test_a_counter_that_does_not_move(self):
        """The write is taken back."""
        vault = SealedVault(Stuck(started(self.chip)), FilePlaces(self.folder, SEALED), counting)
        self.assertEqual(errno_of(vault.write, RING, frame(1)), EIO)
        self.assertEqual(errno_of(self.vault().read, RING), ENOENT)
        self.vault().write(RING, frame(1))
        before = [content(path) for path in self.paths]
        self.assertEqual(errno_of(vault.write, RING, frame(2)), EIO)
        self.assertEqual([content(path) for path in self.paths], before)
        self.assertEqual(self.vault().read(RING), frame(1))

    def test_a_counter_at_its_end(self):
        vault = self.vault()
        self.chip.counters[0] = COUNTER_MAX - 1
        vault.write(RING, frame(1))
        self.assertEqual(errno_of(vault.write, RING, frame(2)), EIO)
        self.assertTrue("counter 0 is used up, at 2097151" in vault.problem)
        self.assertEqual(vault.read(RING), frame(1))

    def test_what_a_write_costs(self):
        vault = self.vault()
        vault.write(RING, frame(1))
        self.chip.carried_out.clear()
        moved, us = self.chip.bytes_moved, self.chip.clock.us
        vault.write(RING, frame(2))
        self.assertEqual(self.chip.carried_out, [0x24, 0x51, 0x24])
        self.assertEqual(self.chip.bytes_moved - moved, 100)
        self.assertTrue(self.chip.clock.us - us < 80000, self.chip.clock.us - us)


class Choice(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("vault")
        self.chip = new_chip()
        self.nvs = {}
        self.plain = [self.folder + path for name in NAMES for path in PLAIN[name]]

    def stored(self):
        return (("nvs", lambda: Nvs(self.nvs)), ("sealed", lambda: started(self.chip)))

    def test_keys_move_from_files(self):
        for kind, storage in self.stored():
            self.folder = scratch_folder(kind)
            before = choose(self.folder, None, "")
            before.write(RING, frame(7))
            before.write(DECODER, frame(8, size=46))
            for _ in range(2):
                vault = choose(self.folder, storage(), "")
                self.assertEqual(vault.read(RING), frame(7))
                self.assertEqual(vault.read(DECODER), frame(8, size=46))
                for name in NAMES:
                    self.assertFalse(FilePlaces(self.folder, PLAIN).has(name))

    def test_a_bad_plain_file_stays_and_is_not_moved(self):
        for kind, storage in self.stored():
            self.folder = scratch_folder(kind)
            put(self.folder + "/decoder.bin", b"bad")
            vault = choose(self.folder, storage(), "")
            self.assertEqual(errno_of(vault.read, DECODER), ENOENT)
            self.assertEqual(content(self.folder + "/decoder.bin"), b"bad")

    def test_a_plain_file_is_no_way_round_the_seal(self):
        choose(self.folder, started(self.chip), "").write(DECODER, frame(1))
        for sealed_too in (True, False):
            put(self.folder + "/decoder.bin", frame(9))
            if not sealed_too:
                for path in SEALED[DECODER]:
                    os.remove(self.folder + path)
            vault = choose(self.folder, started(self.chip), "")
            if sealed_too:
                self.assertEqual(vault.read(DECODER), frame(1))
            else:
                with self.assertRaises(VaultError):
                    vault.read(DECODER)
            self.assertEqual(content(self.folder + "/decoder.bin"), frame(9))

    def test_an_element_that_will_not_write_leaves_the_files(self):
        choose(self.folder, None, "").write(RING, frame(7))
        element = started(self.chip)
        self.chip.deaf_to = (0x51,)
        self.assertEqual(errno_of(choose, self.folder, element, ""), EIO)
        self.assertEqual(choose(self.folder, None, "").read(RING), frame(7))

    def test_storage_that_is_not_there_any_more(self):
        for kind, storage in self.stored():
            self.folder = scratch_folder(kind)
            choose(self.folder, storage(), "").write(RING, frame(7))
            others = [None] + [other() for name, other in self.stored() if name != kind]
            for other in others:
                for problem, words in (("", "does not have"), ("ATECC608: broken", "broken")):
                    vault = choose(self.folder, other, problem)
                    self.assertTrue(vault.has(RING) and vault.has(DECODER))
                    text = error_text(VaultError, vault.read, RING)
                    self.assertTrue(words in text and kind[:3] in text.lower(), text)
                    self.assertEqual(errno_of(vault.write, RING, frame(8)), EIO)
            self.assertEqual(choose(self.folder, storage(), "").read(RING), frame(7))


class DecoderKeys(unittest.TestCase):

    def test_a_decoder_key_in_each_vault(self):
        nvs, chip = Nvs(), new_chip()
        for storage in (lambda: None, lambda: nvs, lambda: started(chip)):
            folder = scratch_folder("decoder")
            for krn in (1, 2):
                self.keys(folder, storage()).replace(DecoderKey(bytes(range(16)), krn=krn))
                keys = self.keys(folder, storage())
                keys.load()
                self.assertEqual(keys.key.krn, krn)

    def test_the_file_of_before_is_read(self):
        folder = scratch_folder("decoder")
        KeyStore(self.record(folder + "/decoder.bin")).replace(DecoderKey(bytes(range(16)), krn=3))
        keys = self.keys(folder, None)
        keys.load()
        self.assertEqual(keys.key.krn, 3)
        before = content(folder + "/decoder.bin")
        keys.replace(DecoderKey(bytes(range(16)), krn=3))
        after = content(folder + "/decoder.bin")
        self.assertEqual(after[9:-4], before[9:-4])
        self.assertEqual((before[5], after[5]), (1, 2))

    def test_another_size(self):
        folder = scratch_folder("decoder")
        choose(folder, None, "").write(DECODER, frame(1))
        self.assertTrue("424 bytes long, must be 41" in error_text(
            ValueError, self.keys(folder, None).load))

    def keys(self, folder, storage):
        return KeyStore(VaultRecord(choose(folder, storage, ""), DECODER, self.record("key")))

    def record(self, path):
        return Record(path, sts_keys.MAGIC, sts_keys.VERSION, sts_keys.FIELDS)


if __name__ == "__main__":
    unittest.main()
