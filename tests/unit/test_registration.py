"""The SIM and its one PIN, the network's states, and the signal."""

import unittest

from fake_modem_uart import FakeModem, FakeTiming, error_of, run

from joulegate.link.errors import LinkError
from joulegate.link.modem.at_engine import AtEngine
from joulegate.link.modem.at_errors import AtError, AtTimeout
from joulegate.link.modem.quectel_qi import QuectelBc, QuectelEc
from joulegate.link.modem.registration import (
    Registration,
    SettingsError,
    is_notice,
    signal_dBm,
    state_of,
)


class Notes:
    def __init__(self):
        self.values = {}

    def get(self, name):
        return self.values.get(name, 0)

    def put(self, name, value):
        self.values[name] = value


class Case(unittest.TestCase):

    def setUp(self):
        self.timing = FakeTiming()
        self.modem = FakeModem(self.timing)
        self.engine = AtEngine(self.modem, self.timing)
        self.notes = Notes()
        self.registration = Registration(self.timing, self.notes)

    def answer(self, command, reply):
        self.modem.replies[command] = reply

    def unlock(self, pin="1234"):
        return self.registration.unlock(self.engine, pin)


class TestSim(Case):

    def test_a_sim_without_a_pin(self):
        self.answer("AT+CPIN?", "+CPIN: READY|OK")
        run(self.unlock())
        self.assertEqual(self.modem.commands, ["AT+CPIN?"])

    def test_a_sim_that_takes_its_time(self):
        self.answer("AT+CPIN?", ["ERROR", "+CME ERROR: 14", "+CME ERROR: 10",
                                 "+CPIN: READY|OK"])
        run(self.unlock())
        self.assertEqual(len(self.modem.commands), 4)

    def test_no_sim(self):
        self.answer("AT+CPIN?", "+CME ERROR: 10")
        self.assertEqual(str(error_of(AtError, self.unlock())), "AT+CPIN?: CME error 10, no SIM")
        self.assertTrue(20000 <= self.timing.now < 30000)

    def test_a_sim_that_says_nothing(self):
        self.assertEqual(str(error_of(LinkError, self.unlock())), "SIM: it said nothing in 20 s")

    def test_the_pin_is_given(self):
        self.answer("AT+CPIN?", "+CPIN: SIM PIN|OK")
        run(self.unlock())
        self.assertEqual(self.modem.commands[-1], 'AT+CPIN="1234"')
        self.assertEqual(self.notes.values, {})

    def test_failure_16_one_attempt_and_never_again(self):
        self.answer("AT+CPIN?", "+CPIN: SIM PIN|OK")
        self.answer('AT+CPIN="1234"', "+CME ERROR: 16")
        self.assertEqual(str(error_of(SettingsError, self.unlock())),
                         "SIM: it refused the PIN; set another one")
        self.assertEqual(self.notes.values, {"pin_refused": 1})
        error_of(SettingsError, self.unlock())
        self.registration = Registration(self.timing, self.notes)
        self.assertEqual(str(error_of(SettingsError, self.unlock())),
                         "SIM: it has refused the PIN before; set another one")
        self.assertEqual(self.modem.commands.count('AT+CPIN="1234"'), 1)

    def test_failure_16_a_pin_that_may_have_been_wrong_is_not_given_again(self):
        self.answer("AT+CPIN?", "+CPIN: SIM PIN|OK")
        self.answer('AT+CPIN="1234"', None)
        error_of(AtTimeout, self.unlock())
        self.assertEqual(str(error_of(SettingsError, self.unlock())),
                         "SIM: it did not say whether it took the PIN, which is not given again "
                         "before the next start")
        self.assertEqual(self.notes.values, {})

    def test_a_pin_that_was_right_is_given_after_each_reset_of_the_modem(self):
        self.answer("AT+CPIN?", "+CPIN: SIM PIN|OK")
        for _ in range(5):
            run(self.unlock())
        self.assertEqual(self.modem.commands.count('AT+CPIN="1234"'), 5)

    def test_a_sim_that_is_busy_has_refused_nothing(self):
        self.answer("AT+CPIN?", "+CPIN: SIM PIN|OK")
        self.answer('AT+CPIN="1234"', ["+CME ERROR: 14", "OK"])
        error_of(AtError, self.unlock())
        run(self.unlock())
        self.assertEqual(self.notes.values, {})

    def test_a_pin_that_cannot_be_one_is_not_given(self):
        self.answer("AT+CPIN?", "+CPIN: SIM PIN|OK")
        for pin, text in (("", "SIM: it wants a PIN and none is set"),
                          ("12a4", "SIM PIN: must be 4 to 8 digits"),
                          ("123", "SIM PIN: must be 4 to 8 digits"),
                          ('1234"', "SIM PIN: must be 4 to 8 digits")):
            self.assertEqual(str(error_of(SettingsError, self.unlock(pin))), text)
        self.assertEqual(set(self.modem.commands), {"AT+CPIN?"})

    def test_puk(self):
        self.answer("AT+CPIN?", "+CPIN: SIM PUK|OK")
        self.assertEqual(str(error_of(SettingsError, self.unlock())),
                         "SIM: it wants SIM PUK, which this meter does not give")


class TestApn(Case):

    def use(self, apn="meters", family=None):
        return self.registration.use_apn(self.engine, family or QuectelEc(), apn)

    def test_it_is_not_written_again(self):
        self.answer("AT+CGDCONT?", '+CGDCONT: 1,"IP","meters","0.0.0.0",0,0|OK')
        run(self.use())
        self.answer("AT+QCGDEFCONT?", '+QCGDEFCONT: "IP","meters"|OK')
        run(self.use(family=QuectelBc()))
        self.assertEqual(self.modem.commands, ["AT+CGDCONT?", "AT+QCGDEFCONT?"])

    def test_without_one_the_network_chooses(self):
        run(self.use(""))
        self.assertEqual(self.modem.commands, [])

    def test_failure_18_it_is_written_once_with_the_radio_off(self):
        self.answer("AT+CGDCONT?", '+CGDCONT: 1,"IP","other"|+CGDCONT: 2,"IP","meters"|OK')
        run(self.use())
        run(self.use())
        self.assertEqual(self.modem.commands, [
            "AT+CGDCONT?", "AT+CFUN=0", 'AT+CGDCONT=1,"IP","meters"', "AT+CFUN=1", "AT+CGDCONT?"])

    def test_the_radio_comes_on_again_whatever_happens(self):
        self.answer('AT+CGDCONT=1,"IP","meters"', "ERROR")
        error_of(AtError, self.use())
        self.assertEqual(self.modem.commands[-1], "AT+CFUN=1")

    def test_an_apn_that_would_be_more_than_an_apn(self):
        for apn in ('x"\rAT+CFUN=0', "a\nb", "x" * 64, "\xe9"):
            error_of(ValueError, self.use(apn))
        self.assertEqual(self.modem.commands, [])


class TestNetwork(Case):

    def check(self):
        return run(self.registration.check(self.engine, QuectelEc()))

    def test_data_is_allowed_at_home_and_roaming_only(self):
        for state in range(13):
            self.answer("AT+CEREG?", "+CEREG: 0,%d|OK" % state)
            self.answer("AT+CGREG?", "+CGREG:0,0|OK")
            self.assertEqual(self.check(), state in (1, 5))
            self.assertTrue(self.registration.text)

    def test_either_network_will_do(self):
        self.answer("AT+CEREG?", "+CEREG: 0,4|OK")
        self.answer("AT+CGREG?", '+CGREG: 2,1,"AB","CD",2|OK')
        self.assertTrue(self.check())
        self.answer("AT+CEREG?", "ERROR")
        self.assertTrue(self.check())

    def test_a_notice_in_place_of_the_answer(self):
        self.answer("AT+CEREG?", '+CEREG: 1|+CEREG: 1,"1A","2B",7|+CEREG: 2,2|OK')
        self.engine.notices = ("+CEREG", "+CGREG")
        self.assertEqual(self.check(), False)

    def test_waiting_for_it(self):
        self.answer("AT+CEREG?", ["+CEREG: 1,2|OK", "+CEREG: 1,2|OK", "+CEREG: 1,5|OK"])
        run(self.registration.register(self.engine, QuectelEc()))
        self.assertTrue(self.registration.allowed)

    def test_not_in_three_minutes(self):
        self.answer("AT+CEREG?", "+CEREG: 1,2|OK")
        error = error_of(LinkError, self.registration.register(self.engine, QuectelEc()))
        self.assertEqual(str(error), "network: not registered, searching")
        self.assertTrue(180000 <= self.timing.now < 190000)

    def test_denied_is_believed_sooner(self):
        self.answer("AT+CEREG?", "+CEREG: 1,3|OK")
        error = error_of(LinkError, self.registration.register(self.engine, QuectelEc()))
        self.assertEqual(str(error), "network: not registered, denied")
        self.assertTrue(self.timing.now < 60000)

    def test_notices(self):
        self.registration.heard("+CEREG: 5")
        self.assertTrue(self.registration.allowed)
        self.registration.heard('+CEREG: 3,"00","11",7')
        self.assertEqual(self.registration.text, "denied")
        self.registration.heard("+CEREG: x")
        self.registration.heard("+CEREG:")
        self.assertEqual(self.registration.text, "denied")

    def test_which_lines_are_notices(self):
        for line, is_one in (("+CEREG: 1", True), ('+CEREG: 1,"12","AB",7', True),
                             ("+CEREG: 2,1", False), ('+CEREG:2,1,"12","AB",7', False)):
            self.assertEqual(is_notice(line), is_one)

    def test_states_that_are_none(self):
        for value in (None, "", "x", "1", "1,x", '1,"1"', "1,-1"):
            self.assertEqual(state_of(value, True), None)

    def test_signal(self):
        for value, rssi in (("0,99", -113), ("31,0", -51), ("20,99", -73), ("99,99", None),
                            ("32,0", None), (None, None), ("", None), ("x,y", None)):
            self.assertEqual(signal_dBm(value), rssi)
        self.answer("AT+CSQ", "+CSQ:15,99|OK")
        run(self.registration.measure(self.engine))
        self.assertEqual(self.registration.rssi, -83)


if __name__ == "__main__":
    unittest.main()
