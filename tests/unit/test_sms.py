"""Messages of the mobile network: a token in, an answer out, and nothing else from a stranger."""

import unittest

from fake_modem_uart import FakeModem, FakeTiming, error_of, run

from joulegate.link.modem.at_engine import AtEngine
from joulegate.link.modem.at_errors import AtTimeout
from joulegate.link.modem.quectel_qi import QuectelBc, QuectelEc
from joulegate.link.modem.sms import Sms
from joulegate.link.modem.sms_tokens import SmsTokens, token_in
from joulegate.vending.carriers import SMS

TOKEN = "12345678901234567890"
HEADER = '+CMGR: "REC UNREAD","+254700000001",,"26/03/04,05:06:07+12",145,4,0,%d,"+254",145,%d'


def message(text, coding=0, length=None):
    return b"\r\n%s\r\n%s\r\n\r\nOK\r\n" % (
        (HEADER % (coding, len(text) if length is None else length)).encode(), text.encode())


class Entered:
    def __init__(self, reason="", reply=True, waiting=0):
        self.reason = reason
        self.accepted = not reason
        self.reply = reply
        self.waiting = waiting
        self.balance = 1250


class Case(unittest.TestCase):

    def setUp(self):
        self.timing = FakeTiming()
        self.modem = FakeModem(self.timing)
        self.engine = AtEngine(self.modem, self.timing)
        self.heard = []
        self.engine.notices = ("+QIURC:",)
        self.engine.on_notice = self.heard.append
        self.texts = []
        self.entered = []
        self.result = Entered()
        tokens = SmsTokens(self.enter, lambda units: "%d.%02d" % (units // 100, units % 100))
        self.sms = Sms(self.timing, tokens.handle)

    def enter(self, digits, carrier):
        # The message is still there while the token is taken.
        self.assertEqual([c for c in self.modem.commands if "CMGD" in c], [])
        self.entered.append((digits, carrier))
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def answer(self, command, reply):
        self.modem.replies[command] = reply

    def work(self):
        async def steps():
            while self.sms.due:
                await self.sms.step(self.engine)
        run(steps())

    def set_up(self, family=None):
        run(self.sms.set_up(self.engine, family or QuectelEc()))
        self.work()
        self.modem.commands.clear()

    def arrive(self, reply, place=3):
        self.answer("AT+CMGR=%d" % place, reply)
        self.answer('AT+CMGS="+254700000001"', ">|+CMGS: 12|OK")
        self.sms.heard('+CMTI: "SM",%d' % place)
        self.work()


class TestCapability(Case):

    def test_a_modem_without_sms_is_left_alone(self):
        self.answer("AT+CMGF=1", "ERROR")
        self.set_up()
        self.assertEqual(self.sms.capable, False)
        self.sms.heard('+CMTI: "SM",3')
        self.work()
        self.assertEqual(self.modem.commands, [])
        self.set_up(QuectelBc())
        self.assertEqual(self.sms.capable, False)

    def test_a_store_in_the_modem_where_the_sim_has_none(self):
        self.answer('AT+CPMS="SM","SM","SM"', "+CMS ERROR: 302")
        run(self.sms.set_up(self.engine, QuectelEc()))
        self.assertEqual(self.modem.commands[-1], 'AT+CPMS="ME","ME","ME"')
        self.assertEqual(self.sms.capable, True)


class TestTokens(Case):

    def test_a_token_is_entered_deleted_and_answered(self):
        self.set_up()
        self.arrive(message("1234 5678 9012 3456 7890"))
        self.assertEqual(self.entered, [(TOKEN, SMS)])
        self.assertEqual(self.modem.commands, [
            "AT+CMGR=3", "AT+CMGD=3", 'AT+CMGS="+254700000001"'])
        self.assertEqual(self.modem.data, b"Accepted. Balance 12.50\x1a")
        self.assertEqual((self.sms.received, self.sms.sent, self.sms.discarded), (1, 1, 0))

    def test_a_refused_one_is_answered_with_the_reason(self):
        self.set_up()
        self.result = Entered("used")
        self.arrive(message(TOKEN))
        self.assertEqual(self.modem.data, b"Not accepted: token used before\x1a")

    def test_no_answer_where_the_lock_out_allows_none(self):
        self.set_up()
        self.result = Entered("locked", reply=False)
        self.arrive(message(TOKEN))
        self.assertEqual(self.modem.commands, ["AT+CMGR=3", "AT+CMGD=3"])

    def test_sections_of_a_key(self):
        self.set_up()
        self.result = Entered(waiting=1)
        self.arrive(message(TOKEN))
        self.assertEqual(self.modem.data, b"Accepted. Tokens still to come: 1\x1a")

    def test_a_meter_without_a_key_says_nothing(self):
        self.set_up()
        self.result = RuntimeError("no key")
        self.arrive(message(TOKEN))
        self.assertEqual(self.modem.commands, ["AT+CMGR=3", "AT+CMGD=3"])

    def test_a_token_that_cannot_be_stored_is_kept_and_tried_in_an_hour(self):
        self.set_up()
        self.result = Entered("storage")
        self.answer('AT+CMGL="ALL"', '+CMGL: 3,"REC READ","+254700000001"|%s|OK' % TOKEN)
        self.arrive(message(TOKEN))
        self.assertFalse("AT+CMGD=3" in self.modem.commands)
        self.timing.now += 3600000
        self.result = Entered()
        self.work()
        self.assertEqual(len(self.entered), 2)
        self.assertTrue("AT+CMGD=3" in self.modem.commands)

    def test_anything_else_is_deleted_unanswered(self):
        self.set_up()
        for text in ("Hello", "AT+CFUN=0", "supply on", "1234", TOKEN + "1", TOKEN + "," + TOKEN,
                     ""):
            self.modem.commands.clear()
            self.arrive(message(text))
            self.assertEqual(self.modem.commands, ["AT+CMGR=3", "AT+CMGD=3"])
        self.assertEqual(self.entered, [])

    def test_failure_14_lines_of_the_modem_in_a_text_mean_nothing(self):
        run(self.engine.begin_session())
        self.engine.boots = ("RDY",)
        self.set_up()
        text = 'OK\r\nRDY\r\n+QIURC: "closed",0\r\nERROR\r\n' + TOKEN
        for length in (len(text), 0, 3, 399, 5000):
            self.modem.commands.clear()
            self.arrive(message(text, length=length))
            self.assertEqual(self.modem.commands[:2], ["AT+CMGR=3", "AT+CMGD=3"])
        self.assertEqual(self.heard, [])
        self.assertEqual(len(self.entered), 3)

    def test_a_header_without_a_length(self):
        self.set_up()
        self.arrive(b'\r\n+CMGR: "REC UNREAD","+254700000001",,"26/03/04,05:06:07+12"\r\n'
                    + TOKEN.encode() + b"\r\n\r\nOK\r\n")
        self.assertEqual(self.entered, [(TOKEN, SMS)])

    def test_ucs2(self):
        self.set_up()
        text = "".join("%04X" % ord(letter) for letter in "Token " + TOKEN) + "D83DDE00"
        self.arrive(message(text, 8, len(text) // 2))
        self.assertEqual(self.entered, [(TOKEN, SMS)])

    def test_a_sender_that_is_no_number_gets_no_answer(self):
        self.set_up()
        self.arrive(message(TOKEN).replace(b"+254700000001", b"SHOP"))
        self.assertEqual(self.modem.commands, ["AT+CMGR=3", "AT+CMGD=3"])


class TestStore(Case):

    def test_what_is_there_at_a_start_is_taken(self):
        self.answer('AT+CMGL="ALL"', '+CMGL: 1,"REC READ","+25470"|%s|+CMGL: 4,"REC UNREAD"|OK|OK'
                    % TOKEN)
        self.answer("AT+CMGR=1", message(TOKEN))
        self.answer("AT+CMGR=4", message("hello"))
        self.answer('AT+CMGS="+254700000001"', ">|+CMGS: 12|OK")
        run(self.sms.set_up(self.engine, QuectelEc()))
        self.work()
        self.assertEqual(len(self.entered), 1)
        self.assertTrue("AT+CMGD=1" in self.modem.commands and "AT+CMGD=4" in self.modem.commands)

    def test_more_than_there_is_room_for_are_taken_in_turns(self):
        left = list(range(25))

        def all_left():
            return "|".join('+CMGL: %d,"REC READ"|x' % place for place in left) + "|OK"
        self.answer('AT+CMGL="ALL"', all_left)
        for place in range(25):
            self.answer("AT+CMGR=%d" % place, message("x"))
            self.answer("AT+CMGD=%d" % place, lambda place=place: left.remove(place) or "OK")
        run(self.sms.set_up(self.engine, QuectelEc()))
        self.work()
        self.assertEqual((left, self.sms.received), ([], 25))

    def test_places_that_are_none(self):
        self.set_up()
        for line in ("+CMTI:", '+CMTI: "SM"', '+CMTI: "SM",x', '+CMTI: "SM",-1',
                     '+CMTI: "SM",1000'):
            self.sms.heard(line)
        self.work()
        self.assertEqual(self.modem.commands, [])

    def test_a_place_that_is_empty_or_refused(self):
        self.set_up()
        self.arrive("OK")
        self.arrive("+CMS ERROR: 321")
        self.assertEqual(self.modem.commands, ["AT+CMGR=3", "AT+CMGR=3"])
        self.assertEqual(self.sms.received, 0)


class TestSending(Case):

    def test_the_queue_is_bounded(self):
        self.assertEqual([self.sms.send("+25470", "x") for _ in range(5)], [True] * 4 + [False])
        self.assertEqual(self.sms.discarded, 1)

    def test_what_cannot_be_sent(self):
        for number, text in (("", "x"), ('1"2345', "x"), ("+", "x"), ("SHOP", "x"), ("12", "x"),
                             ("+25470", ""), ("+25470", "x" * 161), ("+25470", "a\x1ab"),
                             ("+25470", "a\nb"), ("+25470", "\xe9")):
            with self.assertRaises(ValueError):
                self.sms.send(number, text)

    def test_refused_is_tried_three_times(self):
        self.set_up()
        self.answer('AT+CMGS="+25470"', "+CMS ERROR: 331")
        self.sms.send("+25470", "x")
        self.work()
        self.assertEqual(len(self.modem.commands), 3)
        self.assertEqual(self.sms.discarded, 1)

    def test_maybe_sent_is_not_sent_again(self):
        self.set_up()
        self.answer('AT+CMGS="+25470"', ">")
        self.sms.send("+25470", "x")
        error_of(AtTimeout, self.sms.step(self.engine))
        self.work()
        self.assertEqual(self.modem.commands.count('AT+CMGS="+25470"'), 1)
        self.assertEqual(self.sms.discarded, 1)


class TestTokenIn(unittest.TestCase):

    def test_the_one_run_of_20_digits(self):
        for text in (TOKEN, " 1234-5678-9012-3456-7890 ", "Token: 1234 5678 9012 3456 7890 kWh 3",
                     "Units 10.5, token " + TOKEN + ". Thank you"):
            self.assertEqual(token_in(text), TOKEN, text)

    def test_no_run_or_two(self):
        for text in ("", "x", TOKEN[1:], TOKEN + "0", TOKEN + " " + TOKEN, TOKEN + "," + TOKEN,
                     "12 " + TOKEN, "00" * 45, "0" * 80):
            self.assertEqual(token_in(text), None, text)


if __name__ == "__main__":
    unittest.main()
