"""A meter with an uplink on a pipe, for the tests of tools/uplink: `uplink_server.py FOLDER`.

A JSON list in, a JSON value out: ["pass", seconds, step], ["event", code, value], ["day", day],
["month"], ["down", hex] (as the link task takes a message; status and whether there was a
receipt), ["next"] (token, suffix, hex or null), ["handed", token], ["connect"], ["lose"] (the
connection), ["reboot"], ["held"], ["set", {...}].
"""

import json
import sys
from binascii import hexlify, unhexlify

from scratch import empty_folder
from uplink_rig import UplinkRig

from joulegate.vending.carriers import NETWORK


class Server:
    def __init__(self, folder):
        empty_folder(folder)
        self.rig = UplinkRig(folder)

    def do_pass(self, seconds, step):
        self.rig.pass_s(seconds, step)
        return self.rig.clock.second

    def do_event(self, code, value):
        self.rig.happen(code, value)

    def do_day(self, day):
        self.rig.day(day)

    def do_month(self):
        self.rig.month()

    def do_down(self, message):
        answer = self.rig.accept(unhexlify(message), NETWORK)
        self.rig.uplink.receipt(answer.receipt)
        return [answer.status, answer.receipt is not None, answer.text]

    def do_next(self):
        found = self.rig.uplink.next()
        if found is None:
            return None
        return [found[0], found[1], hexlify(found[2]).decode()]

    def do_handed(self, token):
        self.rig.uplink.handed(token)

    def do_connect(self):
        self.rig.uplink.restart()
        self.rig.uplink.connected(True)

    def do_lose(self):
        self.rig.uplink.connected(False)

    def do_reboot(self):
        self.rig.restart()

    def do_held(self):
        box = self.rig.outbox
        return [box.first, box.next, box.discarded]

    def do_set(self, changes):
        self.rig.state.settings.set(**changes)


def main():
    server = Server(sys.argv[1])
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        name, *arguments = json.loads(line)
        print(json.dumps(getattr(server, "do_" + name)(*arguments)))


main()
