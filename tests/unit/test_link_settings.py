"""Settings of the link: value by value, secrets told to nobody."""

import json
import os
import unittest

from parts import error_text
from scratch import scratch_folder

from joulegate.link.modem import family_finder
from joulegate.storage.link_settings import (
    FAMILIES,
    NETWORKS_MAX,
    LinkSettingError,
    LinkSettings,
    check,
    defaults,
)

RIGHT = {
    "host": "broker.example", "port": 1883, "tls": False, "ca": "our-ca.der",
    "certificate": "m_1.der", "key": "m_1.key.der", "server_name": "b-1.example",
    "user": "z\u00e4hler", "password": "p\u20ac", "keepalive_s": 30, "apn": "iot.example",
    "apn_user": "u@apn", "apn_password": "h1dden", "sim_pin": "1234",
    "family": "quectel-ec", "ppp_number": "*99***1#",
    "transports": ["ppp", "wifi"], "wifi": [["home", "longenough"], ["open", ""]],
    "home": True, "home_prefix": "ha/meters", "home_seconds": 3600, "lora": True,
    "lora_dev_eui": "70B3D57ED0005678", "lora_join_eui": "0000000000000000",
    "lora_app_key": "00112233445566778899aabbccddeeff", "lora_band": "AS923-2",
    "lora_port": 223, "lora_sub_band": 8, "lora_airtime_s": 10,
}

WRONG = (
    ("port", 0), ("port", 65536), ("port", "1883"), ("port", True), ("port", 1.5),
    ("keepalive_s", 29), ("keepalive_s", 1201), ("keepalive_s", 0), ("keepalive_s", None),
    ("host", "a b"), ("host", "a/b"), ("host", "b\u00fcro.example"), ("host", 5),
    ("host", "x" * 254), ("host", None), ("server_name", "a\nb"),
    ("ca", "../settings.json"), ("ca", "/certs/ca.der"), ("ca", "..."), ("key", ".key"),
    ("certificate", "x" * 33), ("certificate", b"m.der"),
    ("user", "x" * 65), ("user", "a\x00b"), ("password", "x" * 129), ("password", ["a"]),
    ("password", "\u20ac" * 43), ("apn", 'iot",1'), ("apn", "x" * 64), ("apn_user", "a b"),
    ("sim_pin", "123"), ("sim_pin", "123456789"), ("sim_pin", "12a4"), ("sim_pin", 1234),
    ("ppp_number", "T555"), ("ppp_number", "*9"), ("ppp_number", "*99#;+CFUN=0"),
    ("tls", 1), ("tls", "false"), ("tls", None),
    ("transports", ["wifi", "wifi"]), ("transports", ["pigeon"]), ("transports", "wifi"),
    ("transports", [1]), ("transports", {"wifi": 1}),
    ("wifi", [["home"]]), ("wifi", [["", "longenough"]]), ("wifi", [["home", "short"]]),
    ("wifi", [["x" * 33, "longenough"]]), ("wifi", [["home", "x" * 64]]), ("wifi", ["home"]),
    ("wifi", [["home", None]]), ("wifi", [[5, "longenough"]]), ("wifi", {}),
    ("wifi", [["n%d" % n, ""] for n in range(NETWORKS_MAX + 1)]),
    ("home", 1), ("home_prefix", ""), ("home_prefix", "/ha"), ("home_prefix", "ha/"),
    ("home_prefix", "ha/#"), ("home_prefix", "x" * 33), ("home_seconds", 9), ("lora", "true"),
    ("lora_dev_eui", "70B3D57ED000123"), ("lora_join_eui", "70B3D57ED000123G"),
    ("lora_app_key", "0011"), ("lora_band", "EU900"), ("lora_band", 4), ("lora_band", []),
    ("lora_port", 0), ("lora_port", 224), ("lora_sub_band", 9), ("lora_airtime_s", 9),
    ("colour", "red"), ("", 1),
)


class Rules(unittest.TestCase):

    def test_right(self):
        for name in RIGHT:
            check(name, RIGHT[name])
        values = defaults()
        for name in values:
            check(name, values[name])

    def test_wrong(self):
        for name, value in WRONG:
            said = error_text(LinkSettingError, check, name, value)
            self.assertTrue(said.startswith("link setting %s:" % name), said)
            self.assertTrue("must" in said or "no such" in said, said)

    def test_the_range_is_told_with_its_unit(self):
        for name, rule in (("port", "must be 1 to 65535"), ("keepalive_s", "must be 30 to 1200 s"),
                           ("lora_sub_band", "must be 0 to 8, 0 for all")):
            self.assertEqual(error_text(LinkSettingError, check, name, -1),
                             "link setting %s: -1: %s" % (name, rule))

    def test_what_is_no_name(self):
        for name in ("", " ", "port ", "port 8883", "8883", "port\nkeepalive_s", 5, None):
            self.assertTrue("no such" in error_text(LinkSettingError, check, name, 1))

    def test_secrets_are_not_in_the_error(self):
        for name, value in (("password", "hunter2" * 20), ("sim_pin", "99x9"),
                            ("apn_password", "hunter2 "), ("lora_app_key", "hunter2"),
                            ("wifi", [["home", "hunter2"]])):
            said = error_text(LinkSettingError, check, name, value)
            self.assertFalse("hunter2" in said or "99x9" in said, said)


class Files(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("link_settings")
        self.path = self.folder + "/link.json"
        self.settings = LinkSettings(self.path, self.folder + "/certs")

    def write(self, text):
        with open(self.path, "w") as f:
            f.write(text)

    def test_missing(self):
        self.assertEqual(self.settings.load(), [])
        self.assertEqual(self.settings.values, defaults())
        self.assertEqual((self.settings.values["host"], self.settings.values["tls"]), ("", True))

    def test_stored_and_read(self):
        self.settings.set(**RIGHT)
        other = LinkSettings(self.path, self.folder)
        self.assertEqual(other.load(), [])
        self.assertEqual(other.values, RIGHT)
        self.assertEqual(os.listdir(self.folder), ["link.json"])

    def test_value_by_value(self):
        self.write(json.dumps({"port": 0, "host": "h.example", "pigeon": 1, "keepalive_s": 60}))
        self.assertEqual(len(self.settings.load()), 2)
        values = self.settings.values
        self.assertEqual((values["port"], values["host"], values["keepalive_s"]),
                         (8883, "h.example", 60))

    def test_spoilt(self):
        for text, words in (("{", "no JSON"), ("[]", "object"), ("5", "object"),
                            (" " * 5000, "longer than 4096")):
            self.write(text)
            wrong = self.settings.load()
            self.assertTrue(len(wrong) == 1 and words in wrong[0], wrong)
            self.assertEqual(self.settings.values, defaults())

    def test_load_forgets(self):
        self.settings.set(host="h.example")
        self.write("{}")
        self.settings.load()
        self.assertEqual(self.settings.values["host"], "")

    def test_wrong_change_changes_nothing(self):
        self.settings.set(host="h.example")
        with self.assertRaises(LinkSettingError):
            self.settings.set(host="other.example", port=0)
        self.assertEqual(self.settings.values["host"], "h.example")
        self.settings.load()
        self.assertEqual(self.settings.values["host"], "h.example")

    def test_longest_fits(self):
        self.settings.set(
            host="h" * 253, server_name="s" * 253, user="u" * 64, password="p" * 128,
            apn="a" * 63, wifi=[["n" * 32, "w" * 63]] * NETWORKS_MAX)
        self.assertEqual(self.settings.load(), [])

    def test_report(self):
        self.settings.set(**RIGHT)
        report = self.settings.report()
        self.assertEqual(report["wifi"], [["home", True], ["open", False]])
        self.assertEqual((report["password"], report["sim_pin"], report["host"]),
                         (True, True, "broker.example"))
        shown = str(report)
        for secret in (RIGHT["password"], "h1dden", "1234'", "longenough", "aabbcc"):
            self.assertFalse(secret in shown, shown)
        self.assertEqual(LinkSettings(self.path, "").report()["password"], False)

    def test_path_of(self):
        self.settings.set(certificate="")
        self.assertEqual(self.settings.path_of("ca"), self.folder + "/certs/ca.der")
        self.assertEqual(self.settings.path_of("certificate"), "")


class Families(unittest.TestCase):

    def test_are_those_of_the_finder(self):
        self.assertEqual(FAMILIES[1:], family_finder.FAMILIES)


if __name__ == "__main__":
    unittest.main()
