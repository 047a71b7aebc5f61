"""What a busy bus does to the meter, and the meter to it, in real time: samples of seconds.

`make busload` takes a minute each, and wants this computer for itself.
"""

import os
import time

import serial

from tests.system.bus_peer import UNIT, BusMeter
from tests.system.modbus_masters import Pymodbus

LONG = float(os.environ.get("BUS_SECONDS", "0"))
"""So long, and then a rate is asked for, too; a few seconds where nothing is said."""
SECONDS = LONG or 4.0
LATE_US = 100_000
"""How late a tick may be here, where others have the processor, too. On time it is 1 s."""
GAP_S = 38.5 / 9600


def crc(data: bytes) -> bytes:
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ 0xA001 * (register & 1)
    return register.to_bytes(2, "little")


def request(unit: int, function: int, address: int, count: int) -> bytes:
    body = bytes((unit, function, *address.to_bytes(2, "big"), *count.to_bytes(2, "big")))
    return body + crc(body)


def judge_ticks(meter: BusMeter, seconds: float) -> None:
    status = meter("status")
    late = status["late_us"]
    print(f"{len(late) + 1} ticks in {seconds:.1f} s, late by {min(late)} to {max(late)} us, "
          f"longest step {status['longest_step_us']} us, driver late by "
          f"{status['late_driver_us']} us at most, counts {status['counts']}")
    # Ticks come a second and what starting one takes after the other: some milliseconds.
    assert seconds * 0.985 - 2 <= len(late) + 1 <= seconds + 2
    assert max(late) < LATE_US
    assert status["failures"] == status["refused"] == status["stuck"] == 0


def test_fifty_requests_a_second_cost_no_tick() -> None:
    with BusMeter() as meter:
        master = Pymodbus(meter.path)
        time.sleep(1.5)
        facts = meter("facts")
        meter("forget")
        began = time.monotonic()
        done = 0
        while (spent := time.monotonic() - began) < SECONDS:
            answer = master.read(False, 0x0200, 20)
            assert isinstance(answer, list) and len(answer) == 20
            done += 1
        print(f"{done} requests in {spent:.1f} s, {done / spent:.1f} a second")
        judge_ticks(meter, spent)
        assert not LONG or done / spent >= 50
        after = meter("facts")
        for name in ("credits", "marks", "supply", "relay", "settings"):
            assert after[name] == facts[name]
        master.close()


def test_back_to_back_at_9600_baud_none_is_missed() -> None:
    """Beside requests to the meter run those to others and their answers; all characters take
    their time, and the least silence lies between two frames."""
    with BusMeter(9600, paced=True) as meter, serial.Serial(meter.path, timeout=0.5) as line:
        time.sleep(1.5)
        meter("forget")
        began = time.monotonic()
        asked = missed = others = 0
        longest = 0.0
        while time.monotonic() - began < SECONDS:
            size = 1 + asked % 8
            other = bytes((9, 3, 20, *range(20)))
            ours = request(UNIT, 3, 0x1120, size)
            for part in (request(9, 3, 0, 10), other + crc(other)):
                line.write(part)
                time.sleep(len(part) * 11 / 9600 + GAP_S)
                others += 1
            line.write(ours)
            sent = time.monotonic() + len(ours) * 11 / 9600
            answer = line.read(5 + 2 * size)
            longest = max(longest, time.monotonic() - sent - len(answer) * 11 / 9600)
            missed += len(answer) != 5 + 2 * size or crc(answer) != b"\0\0"
            asked += 1
            time.sleep(GAP_S)
        spent = time.monotonic() - began
        print(f"{asked} requests beside {others} frames of others, {missed} missed, "
              f"answered within {longest * 1000:.1f} ms")
        assert not missed
        judge_ticks(meter, spent)
        assert meter("status")["counts"][:5] == [asked + others, 0, 0, asked, 0]
