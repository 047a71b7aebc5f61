"""A meter on a pipe, for the tests of messages: `message_server.py FOLDER`.

A line in, a line out. Hexadecimal digits are a message; the answer is a JSON list: status,
reason, text, receipt in hexadecimal or "", whether money, keys, settings or supply changed,
whether a key's last number did, how many files were written, and the microseconds it took.
`new` makes the meter anew, `restart` starts it again from flash, `time N` sets its clock,
`state` answers with balance, credits and the next tariff's digest.
"""

import json
import sys
import time
from binascii import hexlify, unhexlify

from message_rig import Rig
from scratch import empty_folder

from joulegate.storage import document_inbox, journal, record, settings, tariff_store
from joulegate.vending.vault import files

MODULES = (document_inbox, journal, record, settings, tariff_store, files)
written = 0


def counting_open(path, mode="r"):
    """Open a file, and count it if it is to be written."""
    global written
    if mode not in ("r", "rb"):
        written += 1
    return open(path, mode)


for _module in MODULES:
    _module.open = counting_open


class Server:
    def __init__(self, folder):
        self.folder = folder
        self.new()

    def new(self):
        empty_folder(self.folder)
        self.rig = Rig(self.folder)

    def answer(self, line):
        word, _, rest = line.partition(" ")
        if word in ("new", "restart"):
            self.new() if word == "new" else self.rig.restart()
            return []
        if word == "time":
            self.rig.clock.second = int(rest)
            return []
        if word == "state":
            state = self.rig.state
            return [state.account.balance, state.account.credits,
                    hexlify(state.billing.next_digest).decode()]
        return self.message(unhexlify(line))

    def message(self, message):
        rig = self.rig
        facts, numbers = rig.facts(), rig.numbers()
        leased = rig.state.messages.leased
        before = written
        began = time.ticks_us()
        found = rig.accept(message)
        took = time.ticks_diff(time.ticks_us(), began)
        files = written - before
        if rig.state.messages.leased != leased:
            files -= 2  # the lease itself: ledger and registers
        return [found.status, found.reason, found.text,
                hexlify(found.receipt).decode() if found.receipt else "",
                rig.facts() != facts, rig.numbers() != numbers, files, took]


def main():
    server = Server(sys.argv[1])
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        print(json.dumps(server.answer(line.strip())))


main()
