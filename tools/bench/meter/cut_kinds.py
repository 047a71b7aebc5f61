"""The kinds of write that the power-cut sweep tries, and how much of each.

littlefs compacts a folder's pair after some commits, and a ring's file is made once: a kind is
done so many rounds that both happen among them. Of second cuts a few for each first one are taken
by chance: the recoveries of a kind are alike, so that together the cuts meet every operation of
one many times.
"""

from meter import cut_kinds_account as account
from meter import cut_kinds_fram as fram
from meter import cut_kinds_gate as gate
from meter import cut_kinds_records as records
from meter import cut_kinds_start as start

ALL = 1 << 20

PLAN = (
    ("start_with_damage", start.start_with_damage, 1, 1, ALL),
    ("fram_moving_in", fram.fram_moving_in, 1, 1, ALL),
    ("fram_purchase", fram.fram_purchase, 1, 0, ALL),
    ("fram_energy_commit", fram.fram_energy_commit, 1, 1, ALL),
    ("fram_provisioning", fram.fram_provisioning, 1, 0, ALL),
    ("days_settled", account.days_settled, 1, 1, 90),
    ("event_clear", records.event_clear, 1, 2, ALL),
    ("tariff_activation", account.tariff_activation, 1, 2, ALL),
    ("profile_capture", records.profile_capture, 3, 1, ALL),
    ("purchase", account.purchase, 4, 1, ALL),
    ("purchase_with_debt", account.purchase_with_debt, 2, 1, ALL),
    ("fram_day_roll", fram.fram_day_roll, 1, 0, ALL),
    ("missed_days", start.missed_days, 1, 1, ALL),
    ("missed_month", start.missed_month, 1, 1, ALL),
    ("purchase_wrap", account.purchase_wrap, 2, 1, ALL),
    ("event_drain", records.event_drain, 2, 1, ALL),
    ("refusal", account.refusal, 3, 1, ALL),
    ("day_roll", account.day_roll, 3, 1, ALL),
    ("first_start", start.first_start, 1, 2, ALL),
    ("provisioning", account.provisioning, 1, 2, ALL),
    ("month_roll", account.month_roll, 1, 2, ALL),
    ("energy_commit", account.energy_commit, 10, 4, ALL),
    ("disconnection", account.disconnection, 1, ALL, ALL),
    ("overload", account.overload, 1, 1, ALL),
    ("mains_failure", account.mains_failure, 1, 4, ALL),
    ("calibration_save", account.calibration_save, 1, ALL, ALL),
    ("wanted_restart", start.wanted_restart, 1, ALL, ALL),
    ("failure_kept", start.failure_kept, 1, ALL, ALL),
    ("settings_change", account.settings_change, 3, 4, ALL),
    ("reconnection", account.reconnection, 1, 1, ALL),
    ("tariff_load", account.tariff_load, 3, 2, ALL),
    ("day_wrap", records.day_wrap, 2, 1, ALL),
    ("event_wrap", records.event_wrap, 2, 2, ALL),
    ("profile_wrap", records.profile_wrap, 2, 2, ALL),
    ("ledger_fallen_back", start.ledger_fallen_back, 1, 2, ALL),
    ("watchdog_start", start.watchdog_start, 1, 4, ALL),
    ("safe_mode_start", start.safe_mode_start, 1, ALL, ALL),
    ("safe_mode_left", start.safe_mode_left, 1, 4, ALL),
    ("energy_loss", account.energy_loss, 1, 2, ALL),
    ("token_credit", gate.token_credit, 2, 1, ALL),
    ("token_key_change", gate.token_key_change, 1, 1, ALL),
    ("wrong_token", gate.wrong_token, 2, 2, ALL),
    ("message_credit", gate.message_credit, 2, 1, ALL),
    ("message_setting", gate.message_setting, 1, 2, ALL),
    ("fram_energy_loss", fram.fram_energy_loss, 1, 0, ALL),
)
"""Name, kind, rounds, second cuts tried for each first one, and how many operations, bytes and
steps of a round are tried at most; what takes longest first. The 62 days of days_settled are
alike, and each is that of missed_days."""
