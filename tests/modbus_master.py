"""micropython-modbus as a master: the other side of system/modbus_masters.py.

    modbus_master.py TTY UNIT < REQUESTS

REQUESTS is a JSON list of ["holding" or "input", address, count] and ["write", address, values].
Prints a JSON list of what each brought: registers, true, or an exception's text.
"""

import json
import sys

from umodbus.serial import Serial


def ask(master, unit, kind, address, what):
    try:
        if kind == "holding":
            return list(master.read_holding_registers(unit, address, what, False))
        if kind == "input":
            return list(master.read_input_registers(unit, address, what, False))
        return master.write_multiple_registers(unit, address, what, False)
    except (ValueError, OSError) as e:
        return str(e)


def main(tty, unit):
    master = Serial(uart_id=tty, baudrate=115200, pins=(0, 0))
    print(json.dumps([ask(master, int(unit), *request) for request in json.load(sys.stdin)]))


main(*sys.argv[1:])
