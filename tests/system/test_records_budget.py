"""Keeping records allocates nothing while nothing is due, on the 32-bit object model."""

from tools.bench.process import ROOT
from tools.measure32 import measure

SETUP = """
from joulegate.core.civil import Zone
from joulegate.core.events import EventLog
from joulegate.core.reading import Reading
from joulegate.core.registers import Registers
from joulegate.storage.records import Records
class Clock:
    def now(self):
        return second
second = 229996810
records = Records("/none", EventLog(), Clock())
records.load(Registers(32000), Zone("CET-1CEST,M3.5.0,M10.5.0/3"), {
    "profile_minutes": 60, "profile_channels": ["import_Wh", "voltage_min_cV"],
    "band_above_percent": 0, "band_below_percent": 0})
reading = Reading()
reading.voltage_cV = 23000
reading.active_W = 20000
records.step(second, reading, True, True)
assert records.profile._edge - second > 2000
"""


def test_a_step_with_nothing_due_allocates_nothing() -> None:
    result = measure(
        {"calls": [{"name": "step", "setup": SETUP, "n": 1000,
                    "stmt": "records.step(second, reading, True, True)"}]},
        [ROOT / "firmware"])
    assert result["calls"]["step"] == 0
