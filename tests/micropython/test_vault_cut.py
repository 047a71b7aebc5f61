# heapsize: 16M
"""Power cuts while keys change or move, at every operation of the flash, whole and torn, and
before and after every command of the secure element or call of NVS.

A ring is the one before or the one after, a key change goes with its receipt, a key that moves
from files into protected storage is never in neither, and no cut leaves an element and its
records apart.
"""

import unittest

import vfs
from element_rig import Nvs, new_chip, started, twin
from message_rig import ADMINISTRATOR, REASON, VENDING, Codes, Rig, seal
from parts import NOON

from joulegate.storage.record import Record
from joulegate.vending import sts_keys
from joulegate.vending.gate import RECEIVED
from joulegate.vending.sts_keys import DecoderKey, KeyStore
from joulegate.vending.vault import DECODER, NAMES, RING
from joulegate.vending.vault.choice import choose
from joulegate.vending.vault.files import PLAIN, FilePlaces
from joulegate.vending.vault.record import VaultRecord
from world.flash import PAGE, Flash

ROOT = "/cut"
SECTORS = 48
NEW_KEY = bytes(range(0x80, 0x90))
DECODER_KEYS = [DecoderKey(bytes(range(16)), krn=1), DecoderKey(NEW_KEY, krn=2)]


class World:
    """A flash, and beside it an element or NVS that loses power with it."""

    kind = ""

    def __init__(self, flash):
        self.flash = flash

    def mount(self):
        vfs.mount(vfs.VfsLfs2(self.flash, progsize=PAGE), ROOT)

    def leave(self):
        try:
            vfs.umount(ROOT)
        except OSError:
            pass  # the flash is dead already

    def snapshot(self):
        return type(self)(self.flash.snapshot())

    def storage(self):
        """Return what the board would, at a start."""

    @property
    def steps(self):
        """What was done beside the flash."""
        return 0

    def supplied(self):
        return self.flash.powered

    def power_fails(self):
        self.flash.powered = False

    def restore_power(self):
        self.flash.restore_power()


class WithElement(World):
    kind = "sealed"

    def __init__(self, flash, chip=None):
        super().__init__(flash)
        self.chip = new_chip() if chip is None else twin(chip)
        self.chip.on_power_cut = self.power_fails
        self.chip.supplied = self.supplied

    def snapshot(self):
        return WithElement(self.flash.snapshot(), self.chip)

    def storage(self):
        return started(self.chip)

    @property
    def steps(self):
        return self.chip.commands

    def cut_at(self, step, after):
        self.chip.cut_power_at(step, after)

    def restore_power(self):
        super().restore_power()
        self.chip.restore_power()


class WithNvs(World):
    kind = "nvs"

    def __init__(self, flash, content=None):
        super().__init__(flash)
        self.content = dict(content or {})
        self.restore_nvs()

    def restore_nvs(self):
        self.nvs = Nvs(self.content)
        self.nvs.supplied = self.supplied
        self.nvs.on_cut = self.power_fails

    def snapshot(self):
        return WithNvs(self.flash.snapshot(), self.content)

    def storage(self):
        return self.nvs

    @property
    def steps(self):
        return self.nvs.calls

    def cut_at(self, step, after):
        self.nvs.fails = {self.nvs.calls + step: "after" if after else "before", "cut": True}

    def restore_power(self):
        super().restore_power()
        self.restore_nvs()


def formatted():
    flash = Flash(SECTORS)
    vfs.VfsLfs2.mkfs(flash, progsize=PAGE)
    return flash


class Cuts:
    """world: of the class that is on trial."""

    def sweep(self, world, prepare, act, check):
        """Cut act(prepared) everywhere; check(world, acted) looks twice at what is left.

        Return (cuts of the flash, cuts beside it)."""
        trial = world.snapshot()
        trial.mount()
        prepared = prepare(trial)
        operations, steps = trial.flash.operations, trial.steps
        self.assertTrue(act(prepared))
        operations = trial.flash.operations - operations
        steps = trial.steps - steps
        trial.leave()
        for step in range(1, operations + steps + 1):
            for way in (False, True):
                trial = world.snapshot()
                trial.mount()
                prepared = prepare(trial)
                if step <= operations:
                    trial.flash.cut_power_at(step, way)
                else:
                    trial.cut_at(step - operations, way)
                try:
                    acted = act(prepared)
                except (OSError, ValueError):
                    acted = False
                self.assertFalse(trial.flash.powered)
                trial.leave()
                trial.restore_power()
                for _ in range(2):
                    trial.mount()
                    try:
                        check(trial, acted)
                    finally:
                        trial.leave()
        return operations, steps

    # --- keys for messages ------------------------------------------------------------------

    def with_ring(self):
        world = self.new_world()
        world.mount()
        rig = Rig(ROOT, protected=world.storage())
        rig.gate.credit(50, 100000, NOON)
        rig.accept(seal(ADMINISTRATOR, 1, {0: Codes.TEST}))
        world.leave()
        return world

    def change(self, body, check):
        message = seal(ADMINISTRATOR, 2, body)

        def checked(world, acted):
            rig = Rig(ROOT, fresh=False, protected=world.storage())
            self.assertEqual(rig.service.problem, "")
            self.assertEqual(rig.state.billing.audit(), "")
            answer = rig.accept(message)
            if acted:
                self.assertTrue(answer.accepted)
            check(rig, answer)

        return self.sweep(
            self.with_ring(), lambda world: Rig(ROOT, fresh=False, protected=world.storage()),
            lambda rig: rig.accept(message).accepted, checked)

    def test_key_change(self):
        def check(rig, answer):
            self.assertTrue(answer.accepted, answer.text)
            self.assertEqual(rig.ring.find(b"V1"), None)
            self.assertEqual(rig.ring.find(b"V2").key, NEW_KEY)

        body = {0: Codes.KEY_CHANGE, 2: VENDING, 3: b"V2", 4: NEW_KEY, 5: b"V1"}
        self.counted(self.change(body, check))

    def test_change_of_ones_own_key(self):
        def check(rig, answer):
            self.assertTrue(answer.accepted, answer.text)
            self.assertEqual(rig.ring.find(b"A2").key, NEW_KEY)
            self.assertTrue(rig.ring.find(b"A1").retired)

        body = {0: Codes.KEY_CHANGE, 2: ADMINISTRATOR, 3: b"A2", 4: NEW_KEY, 5: b"A1"}
        self.counted(self.change(body, check))

    def test_what_is_done_once(self):
        def check(rig, answer):
            if answer.status == RECEIVED:
                self.assertEqual(answer.reason, REASON["interrupted"])
            else:
                self.assertTrue(answer.accepted, answer.text)

        self.counted(self.change({0: Codes.SUPPLY_OFF}, check))

    # --- the decoder key ----------------------------------------------------------------------

    def keys(self, world):
        return KeyStore(VaultRecord(choose(ROOT, world.storage(), ""), DECODER, Record(
            "key", sts_keys.MAGIC, sts_keys.VERSION, sts_keys.FIELDS)))

    def test_decoder_key(self):
        world = self.new_world()
        world.mount()
        self.keys(world).replace(DECODER_KEYS[0])
        world.leave()

        def check(world, acted):
            keys = self.keys(world)
            keys.load()
            self.assertTrue(keys.key.krn == 2 or not acted and keys.key.krn == 1)

        def act(keys):
            keys.replace(DECODER_KEYS[1])
            return True

        self.counted(self.sweep(world, self.keys, act, check))

    def test_the_first_decoder_key(self):
        def check(world, acted):
            keys = self.keys(world)
            try:
                keys.load()
            except OSError:
                self.assertFalse(acted)
                self.assertFalse(choose(ROOT, world.storage(), "").has(DECODER))
            else:
                self.assertEqual(keys.key.krn, 1)

        def act(keys):
            keys.replace(DECODER_KEYS[0])
            return True

        self.counted(self.sweep(self.new_world(), self.keys, act, check))


class Files(unittest.TestCase, Cuts):

    def new_world(self):
        return World(formatted())

    def counted(self, cuts):
        self.assertTrue(cuts[0] > 0 and cuts[1] == 0, cuts)


class Moves:
    """Into protected storage."""

    def counted(self, cuts):
        self.assertTrue(cuts[0] > 1 or self.new_world().kind == "nvs", cuts)
        self.assertTrue(cuts[1] > 1, cuts)

    def test_moving_in(self):
        world = self.new_world()
        world.mount()
        Rig(ROOT)
        old = choose(ROOT, None, "")
        KeyStore(VaultRecord(old, DECODER, Record(
            "key", sts_keys.MAGIC, sts_keys.VERSION, sts_keys.FIELDS))).replace(DECODER_KEYS[0])
        secrets = {name: old.read(name) for name in NAMES}
        world.leave()

        def act(storage):
            choose(ROOT, storage, "")
            return True

        def check(world, acted):
            vault = choose(ROOT, world.storage(), "")
            for name in NAMES:
                self.assertEqual(vault.read(name), secrets[name])
                self.assertFalse(FilePlaces(ROOT, PLAIN).has(name))
            rig = Rig(ROOT, fresh=False, protected=world.storage())
            self.assertEqual(rig.service.problem, "")

        cuts = self.sweep(world, lambda world: world.storage(), act, check)
        self.assertTrue(cuts[0] > 4 and cuts[1] > 4, cuts)


class Element(unittest.TestCase, Cuts, Moves):

    counted = Moves.counted

    def new_world(self):
        return WithElement(formatted())

    def test_cut_again_at_the_start_after(self):
        """A start that moves the counter itself may be cut as often as it likes."""
        world = self.new_world()
        world.mount()
        self.keys(world).replace(DECODER_KEYS[0])
        world.leave()
        waiting = 0
        for step in range(1, 7):
            for way in (False, True):
                trial = world.snapshot()
                trial.mount()
                keys = self.keys(trial)
                trial.cut_at(step, way)
                with self.assertRaises(OSError):
                    keys.replace(DECODER_KEYS[1])
                trial.leave()
                trial.restore_power()
                before = trial.chip.counters[1]
                for again in range(1, 12):
                    trial.mount()
                    trial.cut_at(again, way)
                    try:
                        self.keys(trial).load()
                    except (OSError, RuntimeError):
                        pass
                    trial.leave()
                    trial.restore_power()
                trial.mount()
                keys = self.keys(trial)
                keys.load()
                self.assertTrue(keys.key.krn in (1, 2))
                self.assertEqual(trial.chip.counters[1], keys.key.krn)
                waiting += trial.chip.counters[1] > before
                trial.leave()
        self.assertTrue(waiting > 0)

    def test_an_older_flash_is_refused(self):
        """Whatever was on flash before the last change of a key is not taken any more."""
        world = self.with_ring()
        older = world.flash.snapshot()
        world.mount()
        rig = Rig(ROOT, fresh=False, protected=world.storage())
        self.assertTrue(rig.accept(seal(ADMINISTRATOR, 2, {0: Codes.SUPPLY_OFF})).accepted)
        world.leave()
        world.flash = older
        world.mount()
        rig = Rig(ROOT, fresh=False, protected=world.storage())
        self.assertTrue("an older copy was put back" in rig.service.problem, rig.service.problem)
        self.assertTrue(choose(ROOT, world.storage(), "").has(RING))
        world.leave()


class InNvs(unittest.TestCase, Cuts, Moves):

    counted = Moves.counted

    def new_world(self):
        return WithNvs(formatted())


if __name__ == "__main__":
    unittest.main()
