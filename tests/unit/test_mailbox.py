"""The mailbox's registers: pieces, submitting once, busy, results, receipts."""

import unittest

from line_rig import words

from joulegate.bus.modbus import mailbox as box
from joulegate.bus.modbus.mailbox import Mailbox
from joulegate.vending import envelope, message_result
from joulegate.vending.carriers import BUS
from joulegate.vending.steps import Work
from joulegate.vending.sts_token import CRC, SUSPENDED, USED
from joulegate.vending.token_entry import Entered, status_of

HOLE, VALUE, BUSY = 2, 3, 6
STATE, SEQUENCE, KIND, STATUS, REASON, SIZE, BALANCE, _, MOVED, _, WAITING = range(11)
DIGITS = "12345678901234567890"
RECEIPT = bytes(range(1, 102))


class Answer:
    status = 3
    reason = 0
    receipt = RECEIPT


class App:
    """Takes what it is given, in as many steps as wanted."""

    def __init__(self):
        self.state = self.account = self.clock = self.log = self
        self.provisioned = True
        self.balance = -5
        self.taken = []
        self.steps = 3
        self.error = None
        self.late_error = None
        self.entered = Entered("", "", 0)
        self.logged = []

    def now(self):
        return 1

    def add(self, code, now):
        self.logged.append(code)

    def begin_message(self, message, carrier):
        self._take(message, carrier)
        return Work(self._accept())

    def _accept(self):
        for _ in range(self.steps):
            yield ""
        if self.late_error is not None:
            raise self.late_error
        return Answer()

    def enter_token(self, digits, carrier):
        self._take(digits, carrier)
        return self.entered

    def _take(self, what, carrier):
        assert carrier == BUS
        if self.error is not None:
            raise self.error
        self.taken.append(what)


class Case(unittest.TestCase):
    def setUp(self):
        self.app = App()
        self.box = Mailbox(self.app)

    def write(self, address, data):
        before = bytes(self.box._message), bytes(self.box._token), bytes(self.box._result)
        code = self.box.write(address, len(data) // 2, b"\xee" + data, 1)
        if code:
            self.assertEqual(
                (bytes(self.box._message), bytes(self.box._token), bytes(self.box._result)),
                before)
        return code

    def read(self, address, count):
        out = bytearray(2 * count + 1)
        self.assertEqual(self.box.read(address, count, out, 1), 0)
        return bytes(out[1:])

    def result(self):
        data = self.read(box.RESULT, box.RESULT_SIZE)
        return [data[i] << 8 | data[i + 1] for i in range(0, len(data), 2)]

    def finish(self):
        steps = 0
        while self.box.busy:
            self.box.step()
            steps += 1
        return steps

    def put(self, message):
        """Write a message in pieces, and its length."""
        padded = message + bytes(len(message) % 2)
        for at in range(0, len(padded), 100):
            self.assertEqual(self.write(box.MESSAGE + at // 2, padded[at:at + 100]), 0)
        self.assertEqual(self.write(box.MESSAGE_LENGTH, words(len(message))), 0)


class Messages(Case):
    def test_in_pieces_and_submitted_once(self):
        message = bytes([i * 3 & 0xFF for i in range(301)])
        self.put(message)
        self.assertEqual(self.result(), [0] * 11)
        self.assertEqual(self.write(box.MESSAGE_SUBMIT, words(7)), 0)
        self.assertEqual(self.result()[:3], [box.WORKING, 7, box.OF_MESSAGE])
        self.assertTrue(self.finish() > 3)
        self.assertEqual(self.app.taken, [message])
        self.assertEqual(
            self.result(), [box.DONE, 7, box.OF_MESSAGE, 3, 0, 101, 0xFFFF, 0xFFFB, 0, 0, 0])
        self.assertEqual(self.read(box.RECEIPT, 52), RECEIPT + bytes(3))
        self.assertEqual(self.read(box.RECEIPT + 131, 125), bytes(250))

    def test_the_longest_and_the_shortest(self):
        for size in (envelope.LENGTH_MIN, envelope.MESSAGE_MAX):
            self.put(bytes([size & 0xFF]) * size)
            self.write(box.MESSAGE_SUBMIT, words(size))
            self.finish()
            self.assertEqual(len(self.app.taken[-1]), size)
        self.assertEqual((box.MESSAGE_MIN, box.MESSAGE_MAX),
                         (envelope.LENGTH_MIN, envelope.MESSAGE_MAX))

    def test_lengths_that_no_message_has(self):
        for size in (0, 1, 21, 513, 0xFFFF):
            if size:
                self.assertEqual(self.write(box.MESSAGE_LENGTH, words(size)), VALUE)
            self.assertEqual(self.write(box.MESSAGE_LENGTH, words(size, 1)), VALUE)
            self.assertEqual(self.write(box.MESSAGE_LENGTH - 1, words(5, size)), VALUE)
        self.assertEqual(self.write(box.MESSAGE_SUBMIT, words(1)), VALUE)
        self.assertEqual(self.box.busy, False)

    def test_the_same_number_again_does_nothing_again(self):
        self.put(bytes(30))
        for _ in range(3):
            self.assertEqual(self.write(box.MESSAGE_SUBMIT, words(9)), 0)
            self.box.step()
        self.finish()
        done = self.result()
        self.assertEqual(self.write(box.MESSAGE_SUBMIT, words(9)), 0)
        self.put(bytes(30))  # the same again, as after lost answers
        self.assertEqual(self.write(box.MESSAGE_LENGTH, words(30, 9)), 0)
        self.assertEqual(self.finish(), 0)
        self.assertEqual((self.result(), len(self.app.taken)), (done, 1))

    def test_another_number_or_another_message_is_another(self):
        self.put(bytes(30))
        self.write(box.MESSAGE_SUBMIT, words(9))
        self.finish()
        self.write(box.MESSAGE_SUBMIT, words(10))
        self.finish()
        self.put(b"x" * 30)
        self.write(box.MESSAGE_SUBMIT, words(10))
        self.finish()
        self.assertEqual(self.app.taken, [bytes(30), bytes(30), b"x" * 30])

    def test_no_number_is_zero(self):
        self.put(bytes(30))
        self.assertEqual(self.write(box.MESSAGE_SUBMIT, words(0)), VALUE)

    def test_all_is_busy_until_it_is_done(self):
        self.put(bytes(30))
        self.write(box.MESSAGE_SUBMIT, words(1))
        for _ in range(4):
            self.assertEqual(self.write(box.MESSAGE, words(5)), BUSY)
            self.assertEqual(self.write(box.MESSAGE_LENGTH, words(40)), BUSY)
            self.assertEqual(self.write(box.MESSAGE_SUBMIT, words(2)), BUSY)
            self.assertEqual(self.write(box.TOKEN, DIGITS[:2].encode()), BUSY)
            self.assertEqual(self.write(box.TOKEN, DIGITS.encode() + words(2)), BUSY)
            self.box.step()
        self.finish()
        self.assertEqual(self.write(box.MESSAGE, words(5)), 0)
        self.assertEqual(len(self.app.taken), 1)

    def test_without_keys(self):
        self.app.error = RuntimeError("no keys")
        self.put(bytes(30))
        self.write(box.MESSAGE_SUBMIT, words(1))
        self.finish()
        self.assertEqual(self.result()[:6], [box.DONE, 1, box.OF_MESSAGE, 7, 33, 0])
        self.assertEqual(message_result.EXECUTION_FAILURE, 7)
        self.assertEqual(message_result.reason_number("unsupported"), 33)
        self.assertEqual(message_result.reason_number("storage"), 7)

    def test_work_that_falls_over(self):
        for error in (OSError(5), MemoryError(), RuntimeError("given up")):
            self.app.late_error = error
            self.put(bytes(30))
            self.write(box.MESSAGE_SUBMIT, words(len(self.app.logged) + 1))
            self.finish()
            self.assertEqual(self.result()[STATE:SIZE + 1][3:], [7, 7, 0])
        self.assertEqual(len(self.app.logged), 3)
        self.assertFalse(self.box.busy)

    def test_a_meter_without_an_account_has_no_balance(self):
        self.app.provisioned = False
        self.put(bytes(30))
        self.write(box.MESSAGE_SUBMIT, words(1))
        self.finish()
        self.assertEqual(self.result()[BALANCE:BALANCE + 2], [0, 0])

    def test_a_result_is_unread_until_it_and_its_receipt_are_read(self):
        self.put(bytes(30))
        self.write(box.MESSAGE_SUBMIT, words(1))
        self.result()
        self.finish()
        self.assertTrue(self.box.unread)
        self.read(box.RECEIPT, 50)
        self.result()
        self.assertTrue(self.box.unread)
        self.read(box.RECEIPT + 50, 1)
        self.assertFalse(self.box.unread)
        self.write(box.TOKEN, DIGITS.encode() + words(3))
        self.finish()
        self.assertTrue(self.box.unread)
        self.result()
        self.assertFalse(self.box.unread)


class Tokens(Case):
    def test_in_one_request(self):
        self.app.entered.units = 70000
        self.assertEqual(self.write(box.TOKEN, DIGITS.encode() + words(3)), 0)
        self.finish()
        self.assertEqual(self.app.taken, [DIGITS])
        self.assertEqual(self.result(), [
            box.DONE, 3, box.OF_TOKEN, 3, 0, 0, 0xFFFF, 0xFFFB, 1, 4464, 0])
        self.assertEqual(self.read(box.TOKEN, 11), DIGITS.encode() + words(3))

    def test_in_many(self):
        for i in range(10):
            self.assertEqual(self.write(box.TOKEN + i, DIGITS[2 * i:2 * i + 2].encode()), 0)
        self.assertEqual(self.write(box.TOKEN_SUBMIT, words(4)), 0)
        self.finish()
        self.assertEqual(self.app.taken, [DIGITS])

    def test_only_twenty_digits(self):
        for bad in ("/0", "0:", "a1", " 1"):
            self.assertEqual(self.write(box.TOKEN + 3, bad.encode()), VALUE)
        self.assertEqual(self.write(box.TOKEN, words(0x0102)), VALUE)
        self.assertEqual(self.write(box.TOKEN, DIGITS[:18].encode()), 0)
        self.assertEqual(self.write(box.TOKEN_SUBMIT, words(4)), VALUE)
        self.assertEqual(self.write(box.TOKEN + 9, b"1x" + words(4)), VALUE)
        self.assertEqual(self.write(box.TOKEN, DIGITS.encode() + words(0)), VALUE)
        self.assertEqual(self.write(box.TOKEN + 9, DIGITS[18:].encode() + words(4)), 0)
        self.finish()
        self.assertEqual(self.app.taken, [DIGITS])

    def test_the_whole_request_again_does_nothing_again(self):
        for _ in range(2):
            self.assertEqual(self.write(box.TOKEN, DIGITS.encode() + words(3)), 0)
            self.finish()
        self.assertEqual(len(self.app.taken), 1)

    def test_a_message_under_the_number_of_a_token_is_another_thing(self):
        self.write(box.TOKEN, DIGITS.encode() + words(3))
        self.finish()
        self.put(bytes(30))
        self.write(box.MESSAGE_SUBMIT, words(3))
        self.finish()
        self.assertEqual(len(self.app.taken), 2)

    def test_what_became_of_it(self):
        for reason, status in ((CRC, 4), (USED, 6), (SUSPENDED, 7)):
            self.app.entered = Entered(reason, "", 0)
            self.app.entered.waiting = 2
            self.write(box.TOKEN, DIGITS.encode() + words(status))
            self.finish()
            expected = status_of(self.app.entered)
            self.assertEqual(self.result()[STATUS:SIZE], list(expected))
            self.assertEqual((expected[0], self.result()[WAITING]), (status, 2))

    def test_without_a_key(self):
        self.app.error = RuntimeError("no key")
        self.write(box.TOKEN, DIGITS.encode() + words(3))
        self.finish()
        self.assertEqual(self.result()[STATE:SIZE], [box.DONE, 3, box.OF_TOKEN, 7, 33])


class Holes(Case):
    def test_what_is_not_there_is_neither_read_nor_written(self):
        there = 0
        out = bytearray(2)
        for address in range(box.FIRST, box.LAST + 1):
            code = self.box.read(address, 1, out, 0)
            there += code == 0
            self.assertTrue(code in (0, HOLE))
            if code or address >= box.RESULT:
                self.assertEqual(self.write(address, words(0x3132)), HOLE, address)
        self.assertEqual(there, 258 + 11 + 11 + 256)

    def test_no_request_goes_over_a_hole(self):
        out = bytearray(250)
        for address in (box.MESSAGE_SUBMIT, box.TOKEN_SUBMIT, box.RESULT + 10, box.TOKEN - 1,
                        box.RECEIPT + 255, box.RESULT - 1):
            self.assertEqual(self.box.read(address, 2, out, 0), HOLE)
            self.assertEqual(self.box.write(address, 2, words(0x3131, 0x3131), 0), HOLE)


if __name__ == "__main__":
    unittest.main()
