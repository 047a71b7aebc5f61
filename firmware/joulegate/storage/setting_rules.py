"""The settings that are numbers: default, lowest, highest and unit of each.

Tables of text, searched when somebody asks: a dict of them would stand in the heap for ever.
"""

TOPICS = {
    "meter": """
maximum_balance 1073741823 1 1073741823 credit units
cut_off 0 -1073741823 1073741823 credit units
commit_minutes 15 1 60 minutes
tick_ms 1000 100 60000 ms
maximum_power_W 0 0 18201624 W, 0 for no limit
phase_unbalance_W 0 0 18201624 W, 0 for no limit
""",
    "uplink": """
uplink_minutes 15 0 1440 minutes between readings sent, 0 for none
uplink_batch 1 1 8 readings in a message
uplink_budget_bytes 0 0 100000000 bytes sent in a day, 0 for no limit
""",
    "bus": """
bus_address 1 1 247 of the meter
bus_parity 0 0 3 0 even, 1 odd, 2 none and two stop bits, 3 none
""",
    "supply": """
control_mode 6 0 6 of class 70
close_permit -1073741823 -1073741823 1073741823 credit units
alarm_trip -1073741823 -1073741823 1073741823 credit units
emergency_credit 0 0 1073741823 credit units, 0 for none
emergency_threshold 0 -1073741823 1073741823 credit units
emergency_power_W 0 0 18201624 W, 0 for no limit
load_limit_s 60 30 3600 s
load_limit_retries 3 0 10 times
load_limit_wait_s 60 10 3600 s
close_delay_s 0 0 3600 s
""",
    "debt": """
debt_1_rate 0 0 1073741823 credit units
debt_1_period 1 1 3 1 day, 2 week, 3 month
debt_2_rate 0 0 1073741823 credit units
debt_2_period 1 1 3 1 day, 2 week, 3 month
debt_percent 0 0 100 % of a top-up
debt_cap 0 0 1073741823 credit units, 0 for none
debt_cap_period 2 2 3 2 week, 3 month
debt_suspend 0 0 3 1 in emergency credit + 2 while off
""",
    "tamper": """
tamper_trips 0 0 4095 bits, what cuts supply off
cover_s 1 1 60 s until an opening counts
cover_end_s 5 0 600 s until it has ended
magnet_s 2 0 60 s, 0 for no watch
magnet_end_s 5 0 600 s
back_feed_s 2 0 60 s, 0 to close on it
mismatch_s 0 0 3600 s, 0 for no watch
mismatch_percent 12 5 90 % of the larger current
mismatch_mA 500 50 100000 mA, the larger current at least
export_mode 0 0 2 of its own table
reverse_s 10 1 3600 s
reverse_W 20 1 10000 W exported at least
neutral_missing_s 0 0 3600 s, 0 for no watch
neutral_missing_V 60 10 150 V, below is none
neutral_missing_mA 200 50 100000 mA at least
neutral_estimate_V 0 0 400 V, 0 for no estimate
disturbance_s 0 0 3600 s, 0 for no watch
storage_mark 1 0 1 whether a restored copy is looked for
""",
    "quality": """
nominal_V 220 57 480 V
sag_percent 0 0 99 % below nominal, 0 for no event
swell_percent 0 0 50 % above nominal, 0 for no event
distortion_percent 0 0 50 % of harmonics, 0 for no event
band_above_percent 0 0 30 % above nominal that are allowed, 0 for no limit
band_below_percent 0 0 30 % below nominal that are allowed, 0 for no limit
""",
    "outputs": """
output_on_s 60 0 3600 s that an output stays on at least
output_off_s 60 0 3600 s that it stays off at least
outputs_remote 0 0 15 sum of 1, 2, 4, 8: outputs that the head-end has on
""",
    "protection": """
overcurrent_mA 0 0 1000000 mA, 0 for none
overcurrent_curve 2 1 3 1 standard, 2 very, 3 extremely inverse
overcurrent_multiplier 100 5 150 hundredths
overcurrent_peak_mA 0 0 1000000 mA, 0 for none
overload_retries 3 0 10 times
overload_wait_s 60 10 3600 s
overvoltage_V 0 0 500 V, 0 for none
undervoltage_V 0 0 500 V, 0 for none
voltage_hysteresis_V 5 1 50 V
frequency_low_cHz 0 0 7000 hundredths of Hz, 0 for none
frequency_high_cHz 0 0 7000 hundredths of Hz, 0 for none
phase_loss_V 0 0 400 V, 0 for none
temperature_dC 0 0 1500 tenths of a degree, 0 for none
temperature_hysteresis_dC 100 10 500 tenths of a degree
protection_delay_s 5 0 600 s
reclose_s 60 0 3600 s
""",
    "panel": """
display_seconds 6 2 60 s that a page stays while the display rolls
display_idle_s 30 5 600 s without a key until it rolls
display_dark_s 0 0 3600 s without a key until it is dark, 0 for never
buzzer 2 0 2 0 never, 1 answers and warnings, 2 key clicks too
buzzer_minutes 30 0 1440 minutes between warnings of low credit, 0 for once
buzzer_quiet_from 22 0 23 local hour from which no warning sounds
buzzer_quiet_until 7 0 23 local hour until which none does, the same for no quiet
""",
}
"""Lines of name, default, lowest, highest and unit, by topic; each text begins with a newline.

18201624 W is the most that a token can say (IEC 62055-41, amounts of 16 bits), 1073741823 the
largest balance.
"""

_COMMIT = "commit_Wh"
_COMMIT_MAX_WH = 1000


class NumberRules:
    """What may stand under a name: `rules[name]` is (default, lowest, highest, unit)."""

    def __init__(self, commit_least_Wh: int) -> None:
        """commit_least_Wh: see storage/commit_policy.py."""
        self._commit = (commit_least_Wh, commit_least_Wh, _COMMIT_MAX_WH, "Wh")

    def __iter__(self) -> object:
        yield _COMMIT
        for text in TOPICS.values():
            for line in text.split("\n"):
                if line:
                    yield line[:line.find(" ")]

    def __contains__(self, name: str) -> bool:
        return name == _COMMIT or _row(name) is not None

    def __getitem__(self, name: str) -> tuple:
        """Return the rule of a setting; KeyError if it is not a number's."""
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def get(self, name: str, otherwise: "tuple | None" = None) -> "tuple | None":
        """Return the rule of a setting, or something else if it is not a number's."""
        if name == _COMMIT:
            return self._commit
        row = _row(name)
        if row is None:
            return otherwise
        default, low, high, unit = row.split(" ", 3)
        return int(default), int(low), int(high), unit

    def default(self, name: str) -> "int | None":
        """Return the default of a setting, or None if it is not a number's."""
        if name == _COMMIT:
            return self._commit[0]
        row = _row(name)
        return None if row is None else int(row[:row.find(" ")])


def _row(name: str) -> "str | None":
    """Return what follows a name on its line."""
    if not isinstance(name, str) or " " in name or "\n" in name:
        return None
    begin = "\n" + name + " "
    for text in TOPICS.values():
        at = text.find(begin)
        if at >= 0:
            return text[at + len(begin):text.find("\n", at + 1)]
    return None
