# heapsize: 16M
"""Keys in protected storage on a whole meter: installed, moved, used, lost, and never in clear."""

import json
import os
import time
import unittest
from binascii import hexlify

import vfs
from element_rig import Nvs, new_chip, started
from flat_tariff import TARIFF
from message_rig import KEYS, Codes, seal
from token_maker import KEY, credit

import board
from joulegate.drivers.atecc608 import Atecc608
from joulegate.drivers.atecc608_setup import CONSENT, set_up
from joulegate.vending.carriers import CONSOLE
from joulegate.vending.keys import ADMINISTRATOR
from meter.bed import METER_ID as BED_ID
from meter.bed import Bed
from meter.cut_acts import document, new_meter
from meter.cut_case import METER_ID
from world import bench_clock, wiring
from world.atecc608_model import Atecc608Model

LOAD = "data/load/household-1min.csv"
TID = 6932880
ROLES = ("vending", "administrator", "technician", "meter")
RING = [{"role": ROLES[role - 1], "kid": hexlify(kid).decode(), "key": hexlify(key).decode()}
        for role, (kid, key) in KEYS.items()]
DECODER = {"key": hexlify(KEY).decode(), "ea": 11, "base": 2014, "ken": 255, "krn": 1, "kt": 2,
           "sgc": 123457, "ti": 1}
PLAIN = ("decoder.bin", "keys", "keys.copy")


class Case(unittest.TestCase):

    def setUp(self):
        self.meter = new_meter()
        self.number = 0
        self.profile = "development"

    def tearDown(self):
        self.meter.power_down()

    @property
    def app(self):
        return self.meter.app

    def answer(self, do, **arguments):
        arguments["do"] = do
        return json.loads(self.app.requests.call(json.dumps(arguments)))

    def ok(self, do, **arguments):
        answer = self.answer(do, **arguments)
        self.assertTrue("ok" in answer, answer)
        return answer["ok"]

    def restart(self, storage):
        self.meter.power_down()
        self.meter.board.key_storage = storage
        self.meter.power_up().profile = self.profile
        self.meter.steps()

    def install(self):
        self.ok("token_key", key=DECODER)
        self.ok("message_keys", keys=RING, factory=False)
        self.app.commissioning.provision(METER_ID, document(), 5, None, {}, None)
        self.meter.steps()

    def files(self):
        """Return the names of files with keys in clear, and whether a key's bytes are in any."""
        folder = self.meter.board.FOLDER
        found = []
        shown = False
        names = os.listdir(folder)
        for name in names:
            path = folder + "/" + name
            if os.stat(path)[0] & 0x4000:
                inner = os.listdir(path)
                if name in PLAIN:
                    found += inner
                paths = [path + "/" + each for each in inner]
            else:
                if name in PLAIN:
                    found.append(name)
                paths = [path]
            for path in paths:
                if os.stat(path)[0] & 0x4000:
                    continue
                with open(path, "rb") as f:
                    content = f.read()
                shown = shown or KEY in content or KEYS[ADMINISTRATOR][1] in content
        return found, shown

    def report(self):
        return [(passed, text) for name, passed, text in self.app.self_test()
                if name == "keys"][0]

    def works(self):
        self.number += 1
        digits = credit(TID + self.number, 5)
        self.assertTrue(self.app.enter_token(digits, CONSOLE).accepted)
        answer = self.ok("message", hex=hexlify(
            seal(ADMINISTRATOR, self.number, {0: Codes.TEST})).decode())
        self.assertTrue(answer["accepted"], answer)

    def lost(self, words):
        self.assertTrue("storage_error" in [name for _, _, name, _ in self.app.log.since(0)])
        self.assertEqual(self.ok("token", digits=credit(TID + 99, 5))["reason"], "key")
        text = self.ok("message", hex="d0" * 30)["text"]
        self.assertTrue(words in text, text)
        passed, text = self.report()
        self.assertTrue(not passed and words in text, text)
        self.assertTrue(self.app.entrance.has_token_key and self.app.entrance.has_message_keys)
        self.app.profile = "production"
        for request in ({"do": "token_key", "key": DECODER},
                        {"do": "message_keys", "keys": RING, "factory": False}):
            answer = json.loads(self.app.requests.call(json.dumps(request)))
            self.assertTrue("locked" in answer["error"], answer)
        self.app.profile = "development"
        self.meter.steps()


class Kinds:

    def test_installed_there_and_used(self):
        self.restart(self.storage)
        self.install()
        self.works()
        for _ in range(2):
            self.restart(self.storage)
            self.works()
        self.assertEqual(self.files(), ([], False))

    def test_moved_there_and_used(self):
        self.install()
        self.works()
        self.assertEqual(self.report(), (True, "in files, in clear"))
        self.assertEqual((len(self.files()[0]), self.files()[1]), (3, True))
        for _ in range(2):
            self.restart(self.storage)
            self.works()
            self.assertEqual(self.files(), ([], False))
            self.assertEqual(self.report(), (True, self.where))

    def test_lost(self):
        def none():
            return None

        def broken():
            raise RuntimeError("ATECC608: broken")

        self.restart(self.storage)
        self.install()
        for storage, words in ((none, "does not have"), (broken, "ATECC608: broken")):
            self.restart(storage)
            self.lost(words)
        self.restart(self.storage)
        self.works()


class Element(Case, Kinds):

    where = "sealed by secure element 0123000000000001ee"

    def setUp(self):
        super().setUp()
        self.chip = new_chip()

    def storage(self):
        return started(self.chip)

    def test_another_element(self):
        self.restart(self.storage)
        self.install()
        self.chip = new_chip(2)
        self.restart(self.storage)
        self.lost("another secure element")

    def test_a_fault_while_a_message_is_taken(self):
        self.restart(self.storage)
        self.install()
        self.chip.present = False
        message = hexlify(seal(ADMINISTRATOR, 1, {0: Codes.SUPPLY_OFF})).decode()
        answer = self.ok("message", hex=message)
        self.assertFalse(answer["accepted"])
        self.chip.restore_power()
        self.assertTrue(self.ok("message", hex=message)["accepted"])

    def test_a_broken_element_on_a_meter_with_files(self):
        def broken():
            raise RuntimeError("ATECC608: data zone is not locked, it must be set up first")

        self.install()
        self.restart(broken)
        self.assertTrue("storage_error" in [name for _, _, name, _ in self.app.log.since(0)])
        self.works()


class InNvs(Case, Kinds):

    where = "in encrypted NVS"

    def setUp(self):
        super().setUp()
        self.content = {}

    def storage(self):
        return Nvs(self.content)

    def test_erased(self):
        self.restart(self.storage)
        self.install()
        self.content.clear()
        self.restart(self.storage)
        self.lost("is there no more")


class OnTheBench(unittest.TestCase):
    """The board's own file, I2C and wake-up."""

    def tearDown(self):
        wiring.reset_cause = wiring.PWRON_RESET
        vfs.umount(board.FOLDER)

    def test_an_element_on_the_bus(self):
        chip = Atecc608Model(bench_clock.now_us)
        bed = Bed(LOAD, element=chip)
        app = bed.power_up()
        self.assertEqual(app.entrance.vault.has("ring"), False)
        self.assertTrue("storage_error" in [name for _, _, name, _ in app.log.since(0)])
        bed.reset(wiring.WDT_RESET)
        set_up(self.element(), os.urandom, CONSENT)
        app = bed.power_up()
        app.provision(BED_ID, TARIFF, 5)
        app.entrance.install_token_key(DECODER)
        self.assertEqual(chip.counters, [0, 1])
        bed.reset(wiring.WDT_RESET)
        app = bed.power_up()
        self.assertTrue(app.entrance.has_token_key)
        self.assertEqual(app.entrance.tokens.reader.keys.key.krn, 1)
        self.assertEqual(sorted(os.listdir(board.FOLDER + "/sealed")), ["decoder.bin"])

    def element(self):
        """Return the driver of a blank element, as docs/keys.md has it."""
        return Atecc608(board.i2c(), board.wake_element, time.sleep_ms)


if __name__ == "__main__":
    unittest.main()
