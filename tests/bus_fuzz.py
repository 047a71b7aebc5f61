"""Frames that nobody should send, given to a whole meter: the other side of test_bus_fuzz.py.

    bus_fuzz.py LOAD_FILE SEED FRAMES

The meter has an account, keys for tokens and messages, registers and mailbox. Prints JSON: how
many frames of each kind there were, what the server made of them, and what has changed that must
not; ends with an error when anything falls over.
"""

import json
import random
import sys

from flat_tariff import TARIFF
from line_rig import crc

from joulegate.bus.modbus.mailbox import Mailbox
from joulegate.bus.modbus.register_map import RegisterMap
from joulegate.bus.modbus.server import RtuServer
from joulegate.core import events as event
from joulegate.drivers.rs485_port import Rs485Port
from meter.bed import METER_ID, Bed

UNIT = 17
FUNCTIONS = (3, 4, 6, 8, 16, 17, 23, 43)
PLACES = (0, 0x100, 0x200, 0x300, 0x400, 0x1000, 0x1100, 0x1101, 0x1110, 0x111A, 0x1120, 0x1200,
          0x13FF, 0xFFFF)
KINDS = ("noise", "mutated", "spliced", "random body", "random request", "token", "message")
JUDGED = 5000


class Line:
    """A UART whose other end says what it is given; time passes at each look."""

    def __init__(self):
        self.now = 0
        self.data = b""
        self.at = 0
        self.answers = 0

    def ticks_us(self):
        return self.now

    def ticks_diff(self, end, start):
        return end - start

    def sleep_us(self, us):
        self.now += us

    def any(self):
        return len(self.data) - self.at

    def readinto(self, buffer, size):
        buffer[:size] = self.data[self.at:self.at + size]
        self.at += size
        return size

    def write(self, data, size):
        """Judge the answer: ours, whole, and of a length that a frame may have."""
        data = bytes(data[:size])
        if not 5 <= size <= 256 or data[0] != UNIT or crc(data[:-2]) != data[-2:]:
            raise ValueError(f"answer: {data}")
        self.answers += 1
        return size

    def txdone(self):
        return True


class Fuzzer:
    def __init__(self, load):
        self.app = app = Bed(load).power_up()
        app.provision(METER_ID, TARIFF, 5)
        app.credit(1, 1000000)
        app.entrance.install_token_key({"key": "0123456789abcdef" * 2, "base": 1993})
        app.entrance.install_message_keys([
            {"role": role, "kid": f"4{i}31", "key": f"0{i}" + "0123456789abcde" * 2}
            for i, role in enumerate(("vending", "administrator", "technician", "meter"))], False)
        self.line = Line()
        self.box = Mailbox(app)
        self.server = RtuServer(RegisterMap(app), self.box, self.line)
        self.server.serve(Rs485Port(self.line, None, 9600, 11, self.line), UNIT)
        self.kinds = [0] * len(KINDS)
        self.previous = b"\x11\x03"

    def facts(self):
        """What the bus must not change."""
        state = self.app.state
        ring = self.app.entrance.messages.ring
        return [state.account.balance, state.account.credits, state.account.charges,
                list(state.replay.marks), state.supply.forbidding, state.supply.reasons,
                self.app.switch.closed, sorted(state.settings.values.changed.items()),
                state.ledger.sequence, [(entry.role, entry.number) for entry in ring.entries]]

    # --- frames ---------------------------------------------------------------------------

    def bytes(self, size):
        return bytes([random.getrandbits(8) for _ in range(size)])

    def size(self):
        """Mostly short, now and then as long as a frame or longer."""
        return random.getrandbits(random.choice((2, 3, 4, 4, 5, 6, 8)))

    def sealed(self, body):
        return body + crc(body)

    def unit(self):
        return random.choice((UNIT, UNIT, UNIT, UNIT, 0, 0, 5, random.getrandbits(8)))

    def word(self, *likely):
        value = random.choice(likely) if random.getrandbits(2) else random.getrandbits(16)
        return bytes((value >> 8, value & 0xFF))

    def request(self):
        """A request of a known form, with places and counts that are right now and then."""
        function = random.choice(FUNCTIONS)
        body = bytes((self.unit(), function)) + self.word(*PLACES)
        if function in (3, 4):
            body += self.word(1, 2, 4, 8, 25, 125, 126)
        elif function in (6, 8):
            body += self.word(0, 1, 0x3132)
        elif function == 16:
            count = random.choice((1, 1, 2, 3, 11, 60))
            body += bytes((0, count, 2 * count)) + self.bytes(2 * count)
        elif function == 23:
            body += self.word(1, 2, 11) + self.word(*PLACES) + b"\x00\x01\x02" + self.bytes(2)
        elif function == 43:
            body = body[:2] + bytes((14, random.getrandbits(3), random.getrandbits(8)))
        else:
            body = body[:2]
        return self.sealed(body)

    def mutated(self):
        data = bytearray(self.request())
        for _ in range(1 + random.getrandbits(2)):
            at = random.getrandbits(8) % len(data)
            what = random.getrandbits(2)
            if what == 0:
                data[at] ^= 1 << random.getrandbits(3)
            elif what == 1:
                data = data[:at] + data[at + 1:] or bytearray(1)
            elif what == 2:
                data = data[:at] + self.bytes(1) + data[at:]
            else:
                data[at] = random.getrandbits(8)
        if not random.getrandbits(2):
            return self.sealed(bytes(data[:-2]))
        return bytes(data)

    def spliced(self):
        one, other = self.request(), self.previous
        at = random.getrandbits(8) % (len(one) + 1)
        return one[:at] + other[random.getrandbits(8) % (len(other) + 1):] + one[at:]

    def token(self):
        digits = bytes([48 + random.getrandbits(8) % 10 for _ in range(20)])
        return self.sealed(bytes((UNIT, 16, 0x11, 0x10, 0, 11, 22)) + digits + self.word(1, 2, 3))

    def message(self):
        size = 22 + random.getrandbits(6)
        count = (size + 1) // 2
        body = b"\xd0\x83\x43\xa1\x01\x0a\xa2\x04\x42\x41\x31\x06\x41" + self.bytes(size - 13)
        body = bytes((UNIT, 16, 0x10, 0, 0, count, 2 * count)) + body + bytes(size & 1)
        return (self.sealed(body)
                + self.sealed(bytes((UNIT, 16, 0x11, 0, 0, 2, 4, 0, size)) + self.word(1, 2, 3)))

    def frame(self):
        lot = random.getrandbits(12)
        kind = 5 if lot < 2 else 6 if lot < 6 else lot % 5
        self.kinds[kind] += 1
        if kind == 0:
            return self.bytes(1 + self.size())
        if kind == 1:
            return self.mutated()
        if kind == 2:
            return self.spliced()
        if kind == 3:
            return self.sealed(bytes((self.unit(), random.getrandbits(7))) + self.bytes(
                self.size()))
        return (self.request, self.token, self.message)[kind - 4]()

    # --- running --------------------------------------------------------------------------

    def say(self, data):
        """Have the meter hear bytes, and let it come to rest."""
        line = self.line
        server = self.server
        line.data = data
        line.at = 0
        for _ in range(4000):
            line.now += 100 + 1000 * server.step()
            if server.idle and line.at == len(data):
                line.now &= 0xFFFFFFF
                break
        else:
            raise RuntimeError(f"does not come to rest: {data}")
        for _ in range(500):
            if not self.box.busy:
                return
            self.box.step()
        raise RuntimeError(f"mailbox: does not come to rest: {data}")

    def run(self, seed, frames):
        random.seed(seed)
        before = self.facts()
        for number in range(frames):
            data = self.frame()
            while not random.getrandbits(3) and len(data) < 600:
                data += self.frame()
            try:
                self.say(data)
            except Exception as e:
                print(f"seed {seed}, frame {number}: {data}")
                raise e
            self.previous = data[:256]
            if number % JUDGED == JUDGED - 1 and self.facts() != before:
                raise RuntimeError(
                    f"seed {seed}, before frame {number}: {before} became {self.facts()}")
        counters = self.server.counters
        log = self.app.log
        return {
            "kinds": {KINDS[i]: self.kinds[i] for i in range(len(KINDS))},
            "answers": self.line.answers,
            "counters": [counters[i] for i in range(8)],
            "failures": self.server.functions.failures, "before": before,
            "after": self.facts(), "unproven": self.app.entrance.unproven,
            "events": log.count,
            "software_failed": event.SOFTWARE_FAILED in [
                log.entry(i)[0] for i in range(log.discarded, log.count)]}


def main(load, seed, frames):
    print(json.dumps(Fuzzer(load).run(int(seed), int(frames))))


main(*sys.argv[1:])
