# heapsize: 16M
"""Requests and pages of the link on the bench: report, settings, files, self test, locked."""

import asyncio
import json
import os
import sys
import unittest
from binascii import hexlify
from hashlib import sha256

import vfs
from flat_tariff import TARIFF
from message_rig import KEYS

import board
import pins
from joulegate.console.commands import Commands
from joulegate.console.link_reports import FILES_MAX
from joulegate.console.link_requests import FILE_SIZE_MAX
from joulegate.core import events as event
from joulegate.vending.crypto.hkdf import derive
from joulegate.vending.crypto.hmac_sha256 import hmac_sha256
from joulegate.vending.envelope import context
from joulegate.vending.keys import TECHNICIAN
from meter.bed import METER_ID, Bed
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"
CERTS = board.FOLDER + "/certs"
ROLES = ("vending", "administrator", "technician", "meter")
RING = [{"role": ROLES[role - 1], "kid": hexlify(kid).decode(), "key": hexlify(key).decode()}
        for role, (kid, key) in KEYS.items() if role <= len(ROLES)]
SET = {"host": "127.0.0.1", "port": 9, "tls": False, "transports": ["socket"]}
# What only a link needs; parts of it that other tests of this file load are taken out first.
MODULES = ("joulegate.storage.link_settings", "joulegate.console.link_reports",
           "joulegate.console.link_requests", "joulegate.console.link_page",
           "joulegate.link.link_task", "joulegate.link.uplink.uplink")


def der(size, fill=b"\x05"):
    """Return one ASN.1 sequence of so many bytes, 260 or more."""
    return b"\x30\x82" + (size - 4).to_bytes(2, "big") + fill * (size - 4)


class Silent:
    """A console on which nobody types."""

    def any(self):
        return 0

    def read(self, nbytes):
        return b""

    def write(self, data):
        return len(data)


class Case(unittest.TestCase):

    def setUp(self):
        wiring.wire_uart(pins.CONSOLE_UART, Silent())
        self.bed = Bed(LOAD)
        self.app = self.bed.power_up()

    def tearDown(self):
        vfs.umount(board.FOLDER)

    def restart(self):
        profile = self.app.profile
        self.bed.mains(False)
        self.bed.power_down()
        self.bed.mains(True)
        self.app = self.bed.power_up()
        self.app.profile = profile

    def provision(self):
        self.app.provision(METER_ID, TARIFF, 5)

    def run_for(self, ms):
        async def live():
            task = asyncio.create_task(self.app.run())
            await asyncio.sleep_ms(ms)
            task.cancel()

        bench_clock.set_mode(bench_clock.VIRTUAL)
        asyncio.run(live())
        asyncio.new_event_loop()

    def answer(self, do, **arguments):
        arguments["do"] = do
        return json.loads(self.app.requests.call(json.dumps(arguments)))

    def ok(self, do, **arguments):
        answer = self.answer(do, **arguments)
        self.assertTrue("ok" in answer, answer)
        return answer["ok"]

    def refusal(self, do, **arguments):
        answer = self.answer(do, **arguments)
        self.assertTrue("error" in answer, answer)
        return answer["error"]

    def upload(self, data):
        for at in range(0, len(data), 512):
            self.ok("upload", at=at, hex=hexlify(data[at:at + 512]).decode())

    def store(self, name, data):
        self.upload(data)
        return self.ok("link_file", name=name)["files"]

    def typed(self, *lines):
        said = []
        commands = Commands(self.app, said.append)
        for line in lines:
            commands.obey(line)
        return said


class Without(Case):

    def test_a_meter_without_a_link_loads_nothing_for_it(self):
        for name in MODULES:
            sys.modules.pop(name, None)
        self.assertEqual(self.ok("link"), {"phase": "none"})
        self.assertEqual(self.typed("link"), ["link                 none"])
        self.assertTrue(("link", True, "none") in self.app.self_test())
        self.assertEqual([name for name in MODULES if name in sys.modules], [])
        self.assertEqual(self.app.network._settings, None)

    def test_a_link_that_could_not_be_begun(self):
        with open(board.FOLDER + "/link.json", "w") as f:
            f.write("{}")
        report = self.ok("link")
        self.assertEqual(report["phase"], "failed")
        self.assertTrue("could not be used" in report["failure"])
        self.assertTrue(("link", False, report["failure"]) in self.app.self_test())


class Settings(Case):

    def test_set_and_report(self):
        self.provision()
        report = self.ok("link_set", values=SET)
        self.assertEqual((report["phase"], report["outbox"]["held"]), ("start", 0))
        for name in SET:
            self.assertEqual(report["settings"][name], SET[name])
        self.run_for(5000)
        report = self.ok("link")
        self.assertTrue(report["failure"].startswith("socket: 127.0.0.1:9"), report["failure"])
        self.assertTrue(report["failed_tries"] >= 1)
        self.assertEqual(report["connected"], False)
        self.assertEqual([row["name"] for row in report["transports"]], ["socket"])
        self.assertEqual((report["session"], report["modem"], report["sms"]), (None, None, None))
        self.assertEqual(report["airtime_ms"], None)
        self.assertEqual(report["bytes"], {"spent": 0, "budget": 0})
        page = self.typed("link")
        self.assertTrue("broker               127.0.0.1 port 9, no TLS, by socket" in page, page)
        for line in page:
            self.assertTrue(len(line) <= 80, line)
        self.restart()
        self.assertEqual(self.ok("link")["settings"]["port"], 9)

    def test_a_modem_is_told_of(self):
        self.provision()
        self.ok("link_set", values=dict(SET, transports=["modem"]))
        self.run_for(2000)
        report = self.ok("link")
        self.assertEqual(report["modem"]["registration"], "unknown")
        self.assertEqual(report["sms"]["capable"], None)
        self.assertEqual(report["transports"][0]["stalls"], None)
        for line in self.typed("link"):
            self.assertTrue(len(line) <= 80, line)

    def test_lora_is_told_of(self):
        self.provision()
        self.ok("link_set", values={"lora": True})
        self.run_for(2000)
        report = self.ok("link")
        self.assertEqual((report["transport"], report["airtime_ms"]), ("lorawan", 0))
        self.assertTrue("on the air           0 ms today" in self.typed("link"))

    def test_all_or_none(self):
        self.ok("link_set", values=SET)
        for values, text in (
                ({"port": 1, "keepalive_s": 5},
                 "link setting keepalive_s: 5: must be 30 to 1200 s"),
                ({"colour": 1, "port": 1}, "link setting colour: 1: there is no such setting"),
                ({"sim_pin": "12", "port": 1}, "link setting sim_pin: must have 4 to 8 bytes"),
                ({"self": 1}, "request link_set: "),
                ({}, "values: must be an object of one"), ([], "values: must be an object"),
                ({"wifi": [["home", True]]}, "network 'home': has no password that could be"),
                ({"wifi": [[5, True]]}, "network 5: has no password"),
                ({"wifi": [["home", "hunter"]]}, "link setting wifi: each network's name"),
                ({"wifi": 5}, "link setting wifi: must be a list")):
            refusal = self.refusal("link_set", values=values)
            self.assertTrue(text in refusal, refusal)
            self.assertFalse("hunter" in refusal)
            self.assertEqual(self.ok("link")["settings"]["port"], 9)

    def test_secrets_go_in_and_not_out(self):
        secrets = {"password": "hunter2", "apn_password": "hunter3", "sim_pin": "4711",
                   "wifi": [["home", "hunter2hunter2"], ["open", False]]}
        said = json.dumps(self.ok("link_set", values=secrets)) + json.dumps(self.ok("link"))
        self.assertFalse("hunter" in said or "4711" in said, said)
        report = self.ok("link_set", values={
            "wifi": [["open", False], ["home", True], ["new", "longenough"]]})
        self.assertEqual(
            report["settings"]["wifi"], [["open", False], ["home", True], ["new", True]])
        self.assertEqual(self.app.network.settings.values["wifi"], [
            ["open", ""], ["home", "hunter2hunter2"], ["new", "longenough"]])

    def test_typed(self):
        said = self.typed(
            "link host b.example", "link port 1883", 'link transports ["socket"]',
            "link sim_pin 0815", "link user 0815", 'link user ""', "link tls false",
            'link wifi [["my home", "long enough"]]', "link port x", "link host a/b")
        self.assertEqual(said, [
            'host is "b.example"', "port is 1883", 'transports is ["socket"]', "sim_pin is set",
            'user is "0815"', 'user is ""', "tls is false", "wifi is set",
            "error: link setting port: 'x': must be 1 to 65535",
            "error: link setting host: 'a/b': must not have '/'"])
        self.assertEqual(self.app.network.settings.values["wifi"], [["my home", "long enough"]])


class Files(Case):

    def test_store_list_replace_remove(self):
        data = der(600)
        digest = hexlify(sha256(data).digest()).decode()
        self.assertEqual(self.store("ca.der", data), [["ca.der", 600, digest]])
        longest = der(FILE_SIZE_MAX)
        self.assertEqual([row[:2] for row in self.store("key.der", longest)],
                         [["ca.der", 600], ["key.der", FILE_SIZE_MAX]])
        self.ok("link_set", values=SET)
        self.assertEqual(self.ok("link")["files"][0], ["ca.der", 600, digest])
        self.assertTrue(
            "file                 ca.der, 600 bytes, %s" % digest[:16] in self.typed("link"))
        self.assertEqual(self.store("ca.der", der(300))[0][1], 300)
        self.assertEqual(
            [row[0] for row in self.ok("link_file", name="key.der", remove=True)["files"]],
            ["ca.der"])
        self.ok("link_set", values={"tls": True})
        self.assertTrue("must stay while setting ca names it" in self.refusal(
            "link_file", name="ca.der", remove=True))
        self.assertTrue("upload: there is no document" in self.refusal(
            "link_file", name="ca.der"))

    def test_refused(self):
        self.store("ca.der", der(600))
        pem = b"-----BEGIN CERTIFICATE-----\n" + b"A" * 300
        for name, data, text in (
                ("../x", der(300), "link file '../x': must"),
                (".x", der(300), "link file '.x': must be the name of a file"),
                ("x" * 33, der(300), "must have 0 to 32 bytes"),
                ("", der(300), "link file '': must not be empty"),
                (5, der(300), "link file 5: must be a text"),
                ("a b", der(300), "link file 'a b': must not have ' '"),
                ("ca.der", der(FILE_SIZE_MAX + 1), "4097 bytes: must be at most 4096"),
                ("ca.der", pem, "must be one whole DER object"),
                ("ca.der", der(300)[:-1], "must be one whole DER object"),
                ("ca.der", der(300) + b"\0", "must be one whole DER object"),
                ("ca.der", b"\x30", "must be one whole DER object"),
                ("ca.der", b"\x30\x80\0\0", "must be one whole DER object"),
                ("ca.der", b"\x30\x85\1\1\1\1\1", "must be one whole DER object")):
            self.upload(data)
            refusal = self.refusal("link_file", name=name)
            self.assertTrue(text in refusal, (name, refusal))
            self.assertEqual(os.listdir(CERTS), ["ca.der"])
            self.assertEqual(os.stat(CERTS + "/ca.der")[6], 600)
        self.assertTrue("there is none of this name" in self.refusal(
            "link_file", name="none.der", remove=True))

    def test_as_many_as_there_may_be(self):
        for n in range(FILES_MAX):
            self.store("%d.der" % n, der(260))
        self.upload(der(260))
        self.assertTrue("there are 8, and must be at most 8" in self.refusal(
            "link_file", name="more.der"))
        self.ok("link_file", name="0.der")

    def test_a_write_that_fails_leaves_what_was_there(self):
        self.store("ca.der", der(600))
        os.mkdir(CERTS + "/.new")
        self.upload(der(700))
        self.refusal("link_file", name="ca.der")
        self.assertEqual(os.stat(CERTS + "/ca.der")[6], 600)
        os.rmdir(CERTS + "/.new")
        self.assertEqual(self.ok("link_file", name="ca.der")["files"][0][1], 700)


class Runs(Case):
    """Changes and mistakes while the meter runs."""

    def live(self, script):
        async def both():
            task = asyncio.create_task(self.app.run())
            try:
                await asyncio.sleep_ms(1500)
                await script()
            finally:
                task.cancel()

        bench_clock.set_mode(bench_clock.VIRTUAL)
        asyncio.run(both())
        asyncio.new_event_loop()

    def test_another_pin_is_tried_though_one_was_refused(self):
        self.ok("link_set", values={"transports": ["modem"], "sim_pin": "1234"})

        async def script():
            network = self.app.network
            before = network.modem
            before.registration._notes.put("pin_refused", 1)
            self.ok("link_set", values={"sim_pin": "4321"})
            await asyncio.sleep_ms(3000)
            self.assertTrue(network.modem is not before)
            self.assertEqual(network.modem.registration._notes.get("pin_refused"), 0)
        self.live(script)

    def test_a_change_is_not_lost_by_the_next(self):
        self.ok("link_set", values=SET)

        async def script():
            self.ok("link_set", values={"transports": ["modem"]})
            self.ok("link_set", values={"port": 1884})
            await asyncio.sleep_ms(3000)
            self.assertEqual(sorted(self.app.network.transports), ["modem"])
        self.live(script)

    def test_a_task_that_ends_is_told_and_all_is_built_anew(self):
        self.ok("link_set", values=SET)
        network = self.app.network
        begin = network._begin
        begun = []

        async def ends():
            return None

        def once():
            begun.append(1)
            return [asyncio.create_task(ends())] + begin() if len(begun) == 1 else begin()

        network._begin = once

        async def script():
            await asyncio.sleep_ms(2000)
            self.assertEqual(len(begun), 1)
            codes = [self.app.log.entry(i)[0] for i in range(self.app.log.count)]
            self.assertEqual(codes.count(event.SOFTWARE_FAILED), 1)
            await asyncio.sleep_ms(62000)
            self.assertEqual(len(begun), 2)
            self.assertTrue(network.alive())
        self.live(script)


class SelfTest(Case):

    def row(self):
        return [row[1:] for row in self.app.self_test() if row[0] == "link"][0]

    def test_off_and_well(self):
        self.ok("link_set", values={"port": 1883})
        self.assertEqual(self.row(), (True, "off: no host is set"))
        self.ok("link_set", values=SET)
        self.assertEqual(self.row(), (True, "set, socket"))

    def test_lora(self):
        self.ok("link_set", values={"lora": True})
        self.assertEqual(self.row(), (False, "lora_app_key: is not set"))
        self.ok("link_set", values={"lora_app_key": "0123456789abcdef" * 2})
        self.assertEqual(self.row(), (True, "set, lora"))

    def test_transports(self):
        self.ok("link_set", values=dict(SET, transports=[]))
        self.assertEqual(self.row(), (False, "transports: none is set"))
        self.ok("link_set", values=dict(SET, transports=["wifi", "modem", "ppp", "socket"]))
        self.assertEqual(self.row(), (
            False, "transport wifi: this meter has none; transport ppp: this meter has none"))
        self.provision()
        self.ok("link_set", values={"transports": ["modem"]})
        self.run_for(1000)
        self.assertEqual(self.row(), (True, "set, modem"))
        self.assertEqual(sorted(self.app.network.transports), ["modem"])
        self.ok("link_set", values={"transports": ["modem", "socket"]})
        self.assertEqual(self.row(), (True, "set, modem, socket"))
        self.run_for(3000)
        self.assertEqual(sorted(self.app.network.transports), ["modem", "socket"])

    def test_files(self):
        self.ok("link_set", values=dict(SET, tls=True))
        self.assertEqual(self.row(), (False, "ca.der: cannot be read"))
        self.store("ca.der", der(600))
        self.assertEqual(self.row(), (True, "set, socket"))
        self.ok("link_set", values={"certificate": "m.der"})
        self.assertEqual(
            self.row(), (False, "m.der: cannot be read; key: no file is set"))
        with open(CERTS + "/m.der", "wb"):
            pass
        self.ok("link_set", values={"key": "ca.der"})
        self.assertEqual(self.row(), (False, "m.der: 0 bytes, must be 1 to 4096"))

    def test_settings_that_were_damaged(self):
        with open(board.FOLDER + "/link.json", "w") as f:
            f.write('{"port": 0}')
        self.restart()
        self.assertEqual(self.row(), (False, "link setting port: 0: must be 1 to 65535"))
        self.assertTrue(
            "wrong                link setting port: 0: must be 1 to 65535" in self.typed("link"))


class Locked(Case):

    def setUp(self):
        super().setUp()
        self.app.profile = "production"
        self.ok("message_keys", keys=RING, factory=False)
        self.provision()

    def log_in(self):
        kid, key = KEYS[TECHNICIAN]
        challenge = bytes.fromhex(self.ok("challenge")["challenge"])
        derived = derive(key, b"", context(METER_ID, 2, kid), 32)
        self.ok("login", kid=hexlify(kid).decode(),
                proof=hexlify(hmac_sha256(derived, challenge)[:16]).decode())

    def test_only_reports(self):
        for do, arguments in (
                ("link_set", {"values": SET}), ("link_file", {"name": "ca.der"}),
                ("link_file", {"name": "ca.der", "remove": True})):
            self.assertEqual(
                self.refusal(do, **arguments),
                "request %s: the meter is locked, it only reports" % do)
        self.assertTrue("locked" in self.typed("link port 1883")[0])
        self.assertEqual(self.ok("link"), {"phase": "none"})

    def test_a_technician_sets_the_link_up(self):
        self.log_in()
        self.store("ca.der", der(600))
        self.ok("link_set", values=dict(SET, tls=True))
        self.assertEqual(self.typed("link port 1883"), ["port is 1883"])
        self.ok("logout")
        self.assertTrue("locked" in self.refusal("link_set", values=SET))
        self.assertEqual(self.ok("link")["settings"]["port"], 1883)


if __name__ == "__main__":
    unittest.main()
