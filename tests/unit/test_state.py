# heapsize: 256wK
"""The meter's state: provisioned once, found again at every start, never half believed."""

import gc
import os
import random
import unittest

from parts import (
    COUNTS_PER_KWH,
    METER_ID,
    NOON,
    UNIT_PLACES,
    event_names,
    new_state,
    new_switch,
    provisioned,
    tariff,
)
from scratch import scratch_folder

from joulegate.core.billing import NEVER
from joulegate.core.meter import Meter
from joulegate.core.reading import Reading
from joulegate.core.supply import Supply
from joulegate.core.tariff_document import TariffError
from joulegate.storage.state import State
from joulegate.storage.tariff_store import TariffStoreError

DAY = 86400


def files(folder):
    """Return {path: content} of a folder and the folders in it."""
    found = {}
    for name in os.listdir(folder):
        path = folder + "/" + name
        if "." not in name:
            found.update(files(path))
        else:
            with open(path, "rb") as f:
                found[path] = f.read()
    return found


class Case(unittest.TestCase):

    def setUp(self):
        gc.collect()  # large pieces are asked for, and the heap is small
        self.folder = scratch_folder("state")

    def reloaded(self, now=NOON, counts_per_kWh=COUNTS_PER_KWH):
        state = new_state(self.folder, counts_per_kWh)
        state.load(new_switch(), now)
        return state

    def measures(self, state):
        """Tell whether a meter on this state counts energy."""
        reading = Reading()
        reading.import_counts = state.counts_per_kWh
        before = state.registers.wh[0]
        Meter(state.registers, Supply(), state.billing).tick(NOON, reading)
        return state.registers.wh[0] == before + 1000


class Provision(Case):

    def test_new_meter(self):
        state = self.reloaded()
        self.assertFalse(state.provisioned)
        self.assertEqual((state.error, state.log.count), ("", 0))
        self.assertTrue(self.measures(state))

    def test_opens_the_account(self):
        state = provisioned(self.folder)
        self.assertTrue(state.provisioned)
        self.assertEqual(state.account.balance, -1000)  # the first day's charge
        self.assertEqual(state.billing.audit(), "")

    def test_found_again(self):
        state = provisioned(self.folder, zone="EST5", maximum_balance=10**6, cut_off=-100)
        state.account.credit(5000)
        state.replay.mark(77)
        state.ledger.commit()
        again = self.reloaded()
        self.assertTrue(again.provisioned)
        self.assertEqual(again.error, "")
        self.assertEqual(again.account.balance, 4000)
        self.assertEqual(again.account.maximum, 10**6)
        self.assertTrue(again.replay.used(77))
        self.assertEqual(again.settings.values["zone"], "EST5")
        self.assertEqual(again.billing.tariff_digest, state.billing.tariff_digest)
        self.assertTrue(self.measures(again))

    def test_once(self):
        state = provisioned(self.folder)
        before = files(self.folder)
        for other in (state, new_state(self.folder)):
            with self.assertRaises(RuntimeError):
                other.provision(
                    METER_ID, tariff("other"), UNIT_PLACES, new_switch(), NOON, commit_Wh=110)
        self.assertTrue(files(self.folder) == before)

    def test_bad_values(self):
        for kind, document, places, settings in (
                (TariffStoreError, b"nonsense", UNIT_PLACES, {}),
                (TariffError, tariff(price="-1"), UNIT_PLACES, {}),
                (ValueError, tariff(), 6, {}),
                (ValueError, tariff(), UNIT_PLACES, {"commit_Wh": 0})):
            state = new_state(self.folder)
            with self.assertRaises(kind):
                state.provision(METER_ID, document, places, new_switch(), NOON, **settings)
            self.assertFalse(state.provisioned)
            self.assertFalse(self.reloaded().provisioned)
        self.assertTrue(provisioned(self.folder).provisioned)

    def test_after_one_that_failed_half_way(self):
        state = new_state(self.folder)
        hot = state.ledger.hot
        path = hot.path
        hot.path = self.folder + "/none/ledger.bin"
        with self.assertRaises(OSError):
            state.provision(METER_ID, tariff(), UNIT_PLACES, new_switch(), NOON)
        self.assertFalse(state.provisioned)
        self.assertFalse(self.reloaded().provisioned)
        hot.path = path
        state.provision(METER_ID, tariff(), UNIT_PLACES, new_switch(), NOON)
        self.assertTrue(self.reloaded().provisioned)

    def test_keeps_what_was_measured_before(self):
        state = new_state(self.folder)
        self.measures(state)
        state.provision(METER_ID, tariff(), UNIT_PLACES, new_switch(), NOON)
        self.assertEqual(self.reloaded().registers.wh[0], 1000)

    def test_missing_folder(self):
        state = State(self.folder + "/none", COUNTS_PER_KWH, new_state(self.folder).log)
        state.load(new_switch(), NOON)
        self.assertFalse(state.provisioned)
        with self.assertRaises(OSError):
            state.provision(METER_ID, tariff(), UNIT_PLACES, new_switch(), NOON)


class Load(Case):

    def refused(self, *parts, **arguments):
        """Load what must be refused, and see that nothing was changed by it."""
        before = files(self.folder)
        state = self.reloaded(**arguments)
        self.assertFalse(state.provisioned)
        self.assertIsNone(state.account)
        for part in parts:
            self.assertTrue(part in state.error, state.error)
        self.assertTrue(len(state.error) > 3, state.error)
        self.assertEqual(event_names(state.log)[-1], "storage_error")
        self.assertTrue(files(self.folder) == before)
        self.assertTrue(self.measures(state))
        with self.assertRaises(RuntimeError):
            state.provision(METER_ID, tariff("other"), UNIT_PLACES, new_switch(), NOON)
        self.assertTrue(files(self.folder) == before)

    def stored(self):
        state = provisioned(self.folder)
        self.following = state.load_tariff(tariff("next"), NOON + 10 * DAY).digest.hex()
        return files(self.folder)

    def put(self, path, content):
        with open(path, "wb") as f:
            f.write(content)

    def needed(self, contents):
        return [p for p in sorted(contents) if "settings" not in p and "journal" not in p
                and self.following not in p]

    def test_three_files_are_needed(self):
        contents = self.stored()
        self.assertEqual(len(self.needed(contents)), 3)
        self.assertEqual(len(contents), 6)

    def test_truncated(self):
        contents = self.stored()
        for path in self.needed(contents):
            content = contents[path]
            for length in (0, 1, len(content) // 2, len(content) - 1):
                self.put(path, content[:length])
                self.refused()
            self.put(path, content)
        self.assertTrue(self.reloaded().provisioned)

    def test_random_bytes(self):
        random.seed(23)
        contents = self.stored()
        for path in self.needed(contents):
            content = contents[path]
            for _ in range(10):
                self.put(path, bytes(random.getrandbits(8) for _ in range(len(content))))
                self.refused()
            self.put(path, content)

    def test_missing(self):
        contents = self.stored()
        for path in self.needed(contents):
            if path.endswith("ledger.bin"):
                continue  # then the meter is a new one
            os.remove(path)
            self.refused()
            self.put(path, contents[path])

    def test_wrong_version(self):
        for name, record in (("ledger.bin", "hot"), ("registers.bin", "registers")):
            self.folder = scratch_folder("state")
            state = provisioned(self.folder)
            getattr(state.ledger, record)._version = 9
            state.ledger.commit()
            self.refused(name, "version 9", "this firmware reads")

    def test_another_meter_constant(self):
        provisioned(self.folder)
        self.refused("32000 to the kWh", "this meter 16000", counts_per_kWh=16000)

    def test_remainder_of_another_tariff(self):
        state = provisioned(self.folder)
        state.account.rem1 = COUNTS_PER_KWH
        state.ledger.commit()
        self.refused("remainder")

    def test_bad_settings_are_reported_only(self):
        provisioned(self.folder)
        self.put(self.folder + "/settings.json", b"{")
        state = self.reloaded()
        self.assertTrue(state.provisioned)
        self.assertEqual(event_names(state.log), ["setting_defaulted"])

    def test_bad_money_is_reported(self):
        state = provisioned(self.folder)
        state.account.balance += 1
        state.ledger.commit()
        again = self.reloaded()
        self.assertTrue(again.provisioned)
        self.assertEqual(event_names(again.log), ["audit_failed"])

    def test_settles_the_days_without_power_once(self):
        provisioned(self.folder)
        state = self.reloaded(NOON + 3 * DAY)
        self.assertEqual(state.account.balance, -4000)
        self.assertEqual(self.reloaded(NOON + 3 * DAY).account.balance, -4000)
        state.ledger.commit()
        self.assertEqual(self.reloaded(NOON + 3 * DAY).account.balance, -4000)


class NextTariff(Case):

    def setUp(self):
        self.folder = scratch_folder("state")
        self.state = provisioned(self.folder)
        self.first = self.state.billing.tariff_digest

    def documents(self):
        return sorted(os.listdir(self.folder + "/tariffs"))

    def names(self, *digests):
        return sorted(d.hex() + ".json" for d in digests)

    def test_survives_and_takes_over(self):
        made = self.state.load_tariff(tariff("next", daily="0.02"), NOON + DAY)
        self.assertEqual(self.documents(), self.names(self.first, made.digest))
        again = self.reloaded()
        self.assertEqual(
            (again.billing.next_digest, again.billing.next_start), (made.digest, NOON + DAY))
        again.billing.advance(NOON + DAY)
        again.ledger.commit()
        last = self.reloaded(NOON + 2 * DAY)
        self.assertEqual(last.billing.tariff_digest, made.digest)
        self.assertEqual(last.account.balance, -1000 - 1000 - 2000)
        self.assertEqual(last.billing.audit(), "")

    def test_damaged_one_is_dropped_and_the_account_goes_on(self):
        made = self.state.load_tariff(tariff("next"), NOON + DAY)
        path = self.folder + "/tariffs/" + made.digest.hex() + ".json"
        for content in (b"", b"{}", b"\xff" * 40):
            with open(path, "wb") as f:
                f.write(content)
            again = self.reloaded()
            self.assertEqual(again.billing.tariff_digest, self.first)
            self.assertEqual(again.billing.next_digest, bytes(8))
            self.assertEqual(again.account.balance, self.state.account.balance)
            self.assertTrue("tariff_dropped" in event_names(again.log))

    def test_replaces_one_that_was_to_follow(self):
        self.state.load_tariff(tariff("a"), NOON + DAY)
        made = self.state.load_tariff(tariff("b"), NOON + DAY)
        self.assertEqual(self.documents(), self.names(self.first, made.digest))
        self.assertEqual(self.reloaded().billing.next_digest, made.digest)

    def refused(self, kind, document, start):
        before = files(self.folder)
        with self.assertRaises(kind):
            self.state.load_tariff(document, start)
        self.assertIsNone(self.state.billing.next_tariff)
        self.assertEqual(self.state.billing.next_start, NEVER)
        for path in before:
            self.assertTrue(files(self.folder)[path] == before[path], path)
        self.assertEqual(self.reloaded().billing.next_digest, bytes(8))

    def test_bad_document(self):
        self.refused(TariffStoreError, b"{", NOON)
        self.refused(TariffError, tariff(price="x"), NOON)

    def test_other_currency(self):
        self.refused(TariffError, tariff(currency="USD"), NOON)

    def test_start_out_of_range(self):
        for start in (NEVER, 1 << 40, -NEVER):
            self.refused(ValueError, tariff("next"), start)

    def test_failing_storage(self):
        path = self.state.ledger.hot.path
        self.state.ledger.hot.path += ".none"
        with self.assertRaises(OSError):
            self.state.load_tariff(tariff("next"), NOON)
        self.assertEqual(self.state.billing.next_start, NEVER)
        self.state.ledger.hot.path = path
        self.state.ledger.commit()
        self.assertEqual(self.reloaded().billing.next_digest, bytes(8))

    def test_documents_that_cannot_be_removed_do_no_harm(self):
        os.mkdir(self.folder + "/tariffs/stray")
        made = self.state.load_tariff(tariff("next"), NOON + DAY)
        self.assertEqual(self.reloaded().billing.next_digest, made.digest)


if __name__ == "__main__":
    unittest.main()
