"""On the 32-bit object model an answer takes nothing of the heap, with the largest numbers."""

import pytest

from tools.bench.process import ROOT
from tools.docs.modbus import blocks
from tools.measure32 import measure

SETUP = """
from benchmarks.documents import TIERED_TIME_OF_USE
from joulegate.core.account import Account
from joulegate.core.billing import Billing
from joulegate.core.civil import Zone, parse_time
from joulegate.core.events import EventLog
from joulegate.core.reading import Reading
from joulegate.core.registers import Registers
from joulegate.core.supply import Supply
from joulegate.core.tariff import Tariff
from joulegate.core.tariff_document import TariffDocument
class Any:
    def __init__(self, **values):
        for name in values:
            setattr(self, name, values[name])
class Clock:
    second = parse_time("2027-05-05T12:00")
    up = 123456
    source = 1
    valid = True
    def now(self):
        return self.second
class Ring:
    next = 100000000
    capacity = 80
    def known(self):
        return self.next
    def read(self, sequence):
        return {"day": billing.day - 1, "month": billing.month - 1, "flags": 0, "wh": [1, 2, 3, 4],
                "charges": account.charges - 0x1FFFFFFF, "day_charges": 0x0FFFFFFF}
class Relay:
    def load_voltage(self):
        return True
class Demand:
    def figure(self, number):
        return 1000000000
account = Account()
zone = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
clock = Clock()
billing = Billing(account, zone, Tariff(TariffDocument(TIERED_TIME_OF_USE), 32000, 5))
account.credit(1000000000)
billing.open(clock.second)
billing.consume(32000 * 3000)
account.charges_high = account.credits_high = account.debts.recovered_high = 0x1FFFFFFF
account.charges_low = account.credits_low = account.debts.recovered_low = 0x1FFFFFFF
account.balance = -0x3FFFFFFF
registers = Registers(32000)
for i in range(8):
    registers.wh[i] = 0x3FFFFFFF - 100000 * i
supply = Supply()
reading = Reading(3)
for name in ("voltage_cV", "current_mA", "active_W", "reactive_var", "frequency_cHz"):
    setattr(reading, name, 30000000)
reading.phase_active_W[2] = -30000000
ring = Ring()
meter = Any(supply=supply)
metering = Any(reading=reading, measured=True, ticks=1000000000, meter=meter)
app = Any(
    version="0.2.0", board=Any(NAME="LEAN"), profile="production", clock=clock,
    state=Any(meter_id="01234567890", provisioned=True, counts_per_kWh=32000, billing=billing,
              account=account, registers=registers, supply=supply, demand=Demand(),
              ledger=Any(sequence=1000000000)),
    metering=metering, restarts=Any(starts=1000000000, cause=0, safe_mode=False),
    power_fail=Any(failing=False), switch=Any(closed=1, intent=0, fault=False),
    relay=Relay(), gate=Any(suspended=""), watch=Any(outputs=None), ic=Any(bus_errors=1000),
    task=Any(longest_tick_us=4700), log=EventLog(),
    records=Any(events=Any(rings=[ring] * 9), purchases=Any(credits=ring, refusals=ring),
                freezes=Any(day_ring=ring, month_ring=ring), profile=Any(ring=ring)))
from joulegate.bus.modbus.register_map import RegisterMap
registers_of = RegisterMap(app)
out = bytearray(256)
def ask(address, count):
    if registers_of.read(False, address, count, out, 3):
        raise ValueError("refused")
"""

BLOCKS = {block.name: (block.address, block.registers) for block in blocks()
          if block.space == "input" and block.address < 0x0800}
"""The blocks of live values: windows are read from a buffer."""


@pytest.fixture(scope="module")
def calls() -> dict[str, float]:
    spec = [{"name": name, "setup": SETUP, "stmt": f"ask({address}, {count})", "n": 100}
            for name, (address, count) in BLOCKS.items()]
    spec.append({"name": "hole", "setup": SETUP, "n": 100,
                 "stmt": "registers_of.read(False, 0x0101, 1, out, 0)"})
    return measure({"calls": spec}, [ROOT / "firmware", ROOT / "tests"])["calls"]


@pytest.mark.parametrize("name", [*BLOCKS, "hole"])
def test_an_answer_allocates_nothing(calls: dict[str, float], name: str) -> None:
    assert calls[name] == 0
