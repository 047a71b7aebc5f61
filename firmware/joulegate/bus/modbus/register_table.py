"""The Modbus registers, in one table: what the meter answers, and what the document, the CSV and
the snippets for masters are made from (`python -m tools.docs.modbus`).

A block is a line "@ SPACE ADDRESS NAME: TITLE" and its registers in the order of their addresses,
without a gap, 125 at most, so that one request can read it whole: "TYPE NAME SCALE UNIT MEANING".
TYPE is one of TYPES, those of texts and bytes with their registers behind a star. A value is the
number times ten to the power of SCALE in UNIT, "-" for none. CU is the credit unit of the account,
CUR the currency. A line that begins with a space goes on with the one before. Registers may be
added at the end of a block; none is ever moved or changed.

A text, because it stays where the program is; tuples would take more of the heap than the bus.
"""

from micropython import const

TYPES = ("u16", "i16", "bits", "u32", "i32", "time", "u64", "i64", "ascii", "bytes")
WIDTHS = bytes((1, 1, 1, 2, 2, 2, 4, 4, 0, 0))
"""Registers of each of TYPES; 0 for those that say it themselves."""

VERSION = const(1)
BLOCK_MAX = const(125)
"""Registers of a block at most: as many as one request may ask for."""

TABLE = """
@ input 0x0000 identity: Who this is, and how it is
u16 map_version 0 - Version of this map: a later one only has more registers
ascii*7 meter_id 0 - Number of the meter, empty before it is provisioned
ascii*6 firmware 0 - Version of the firmware
ascii*8 board 0 - Name of the board
u16 phases 0 - Phases that are measured: 1 or 3
u32 counts_per_kWh 0 1/kWh Energy counts in a kWh
bits status 0 - 0 provisioned, 1 time is known, 2 metering IC answers, 3 mains is good, 4 safe
 mode, 5 production image, 6 records are kept
u16 money_places 0 - Decimals of the credit unit: an amount in CU times ten to minus this is
 currency
ascii*5 currency 0 - Currency of the account, by the tariff
time time 0 s The time, UTC
u16 clock_source 0 - Where the time is from: 0 nobody knows it, 1 real-time clock, 2 somebody who
 has set it
u32 uptime 0 s Since the start
u32 starts 0 - Starts so far
u16 reset_cause 0 - Why it started: 0 power on, 1 reset, 2 watchdog, 3 soft reset, 4 other
bytes*4 tariff_digest 0 - Tariff in force: first 8 bytes of the SHA-256 of its document
bytes*4 next_tariff_digest 0 - Tariff that is to follow, zeros for none
time next_tariff_start 0 s When it takes over

@ input 0x0100 live: What flows now
u16 voltage -2 V Voltage; of three phases the highest
u32 current -3 A Current; of three phases the highest
i32 active_power 0 W Active power, of all phases; negative while exporting
i32 reactive_power 0 var Reactive power, of all phases; positive when inductive
u32 apparent_power 0 VA Apparent power: vector sum of both
i16 power_factor -3 - Power factor, with the sign of the active power
u16 frequency -2 Hz Frequency of the mains
u32 neutral_current -3 A Current of the second channel, mostly the neutral; 0 where there is none
u16 distortion -2 % Total harmonic distortion of the voltage
u16 voltage_L1 -2 V Voltage of phase 1, or of the single one
u16 voltage_L2 -2 V Voltage of phase 2
u16 voltage_L3 -2 V Voltage of phase 3
u32 current_L1 -3 A Current of phase 1, or of the single one
u32 current_L2 -3 A Current of phase 2
u32 current_L3 -3 A Current of phase 3
i32 active_power_L1 0 W Active power of phase 1, or of the single one
i32 active_power_L2 0 W Active power of phase 2
i32 active_power_L3 0 W Active power of phase 3

@ input 0x0200 energy: What was counted
u64 import_energy 0 Wh Active energy imported, +A
u64 export_energy 0 Wh Active energy exported, -A
u64 reactive_import 0 varh Reactive energy, +R
u64 reactive_export 0 varh Reactive energy, -R
u64 quadrant_1 0 varh Reactive energy in quadrant I
u64 quadrant_2 0 varh Reactive energy in quadrant II
u64 quadrant_3 0 varh Reactive energy in quadrant III
u64 quadrant_4 0 varh Reactive energy in quadrant IV
u64 apparent_import 0 VAh Apparent energy of importing, +VA
u64 apparent_export 0 VAh Apparent energy of exporting, -VA
u32 day_import 0 Wh Imported since the local day began
u32 day_export 0 Wh Exported since the local day began
u32 month_import 0 Wh Imported since the billing month began, as its statement counts
u32 month_export 0 Wh Exported since the billing month began, as its statement counts
u32 month_import_T1 0 Wh Of the month's import, that in period 1 of the tariff
u32 month_import_T2 0 Wh In period 2
u32 month_import_T3 0 Wh In period 3
u32 month_import_T4 0 Wh In period 4
u32 month_import_T5 0 Wh In period 5
u32 month_import_T6 0 Wh In period 6
u32 month_export_T1 0 Wh Of the month's export, that in period 1 of the tariff
u32 month_export_T2 0 Wh In period 2
u32 month_export_T3 0 Wh In period 3
u32 month_export_T4 0 Wh In period 4
u32 month_export_T5 0 Wh In period 5
u32 month_export_T6 0 Wh In period 6

@ input 0x0300 money: Credit and price
i32 balance 0 CU Balance of the account
i32 available_credit 0 CU What may be used before supply goes off, emergency credit with it once
 accepted; unknown when the head-end keeps the account
u16 days_left -1 d Days that it lasts at the mean charge of the last seven, 999 at most
i64 price -8 CUR/kWh Price in force, taxes and adders with it
i64 export_price -8 CUR/kWh What a kWh exported now is credited, if the tariff does so
u16 season 0 - Season of the tariff in force, from 1
u16 period 0 - Period in force, from 1
u16 tier 0 - Tier in force, from 1
u16 tiers 0 - Tiers that the tariff has
u32 to_next_tier 0 Wh Energy until the next tier, unknown in the last one
time next_change 0 s Next change of period or season, within a week
u16 next_period 0 - Period that begins then
i64 next_price -8 CUR/kWh Its price, in the tier in force
ascii*8 period_name 0 - Period in force, by name
ascii*8 season_name 0 - Season in force, by name
i64 credits 0 CU All that was ever credited
i64 charges 0 CU All that was ever charged
i32 last_credit 0 CU The last purchase
i32 day_charges 0 CU Charged since the local day began
i32 month_charges 0 CU Charged since the billing month began
u32 debt_1 0 CU Left of the first debt, recovered by time
u32 debt_2 0 CU Left of the second debt, recovered by time
u32 debt_3 0 CU Left of the debt that is recovered by a share of top-ups
i64 debts_recovered 0 CU What all debts have taken so far
i64 other_charges 0 CU Of the charges, those for other energies
u32 commits 0 - Number of the last commit of the ledger

@ input 0x0400 supply: Whether it delivers, and why not
u16 control_state 0 - Control state of DLMS class 70: 0 disconnected, 1 connected, 2 ready for
 reconnection
u16 output_state 0 - Relay, as proven last: 0 open, 1 closed
bits reasons 0 - Reasons that are set: 0 credit, 1 administrator, 2 overload, 3 voltage, 4
 tamper, 5 load limit, 6 fault, 7 alarm
bits forbidding 0 - Those of them that nothing lifts: they forbid supply now
bits lifts 0 - What lifts credit and alarm: 0 keep power, 1 temporary supply, 2 friendly hours, 3
 emergency credit
time supply_until 0 s End of a temporary supply
u16 load_voltage 0 - Voltage behind the relay: 0 none, 1 there is; unknown without a detector
u16 relay_intent 0 - What the relay is about to do: 0 nothing, 1 open, 2 close
bits alarms 0 - 0 low credit, 1 relay fault, 2 nobody knows the time, 3 purchases are refused, 4
 safe mode, 5 metering IC is silent, 6 tamper, 7 mains is failing, 8 emergency credit is offered
u16 control_mode 0 - Control mode of DLMS class 70
u16 load_limit_trips 0 - Trips of the load limit in a row
u16 overload_trips 0 - Trips of the overload protection in a row
u16 warnings_passed 0 - Warning levels that the balance has passed
i32 remote_left 0 - Left of a remote account's limit, CU or Wh; unknown without one
bits outputs 0 - Auxiliary outputs that are on, output 1 in bit 0

@ input 0x0500 demand: Mean powers; all unknown while demand is off
u16 demand_minutes 0 min Period of demand
u16 demand_subperiods 0 - Sub-periods of a window; 1 for blocks
u32 demand_import 0 W Of the window so far, import
u32 demand_export 0 W Of the window so far, export
u32 last_demand_import 0 W Of the last complete window, import
u32 last_demand_export 0 W Of the last complete window, export
time last_demand_time 0 s When it ended
u32 max_demand_import 0 W Highest of the month, import
time max_demand_import_time 0 s When its window ended
u32 max_demand_export 0 W Highest of the month, export
time max_demand_export_time 0 s When its window ended
u32 before_demand_import 0 W Highest of the month before, import
time before_demand_import_time 0 s When its window ended
u32 before_demand_export 0 W Highest of the month before, export
time before_demand_export_time 0 s When its window ended
u32 sum_demand_import 0 W All maxima so far added up, import, modulo 2^30
u32 sum_demand_export 0 W All maxima so far added up, export, modulo 2^30

@ input 0x0600 counters: How many there have been
u32 ticks 0 - Readings of the metering IC since the start
u32 bus_errors 0 - Frames to the metering IC that failed since the start
u32 longest_tick 0 us The longest reading since the start
u32 events 0 - Events since the start
u32 events_power 0 - Entries ever made in the event log, class power
u32 events_supply 0 - Class supply
u32 events_credit 0 - Class credit
u32 events_tamper 0 - Class tamper
u32 events_quality 0 - Class quality
u32 events_clock 0 - Class clock
u32 events_configuration 0 - Class configuration
u32 events_security 0 - Class security
u32 events_update 0 - Class update
u32 purchases 0 - Credits ever logged
u32 refusals 0 - Refusals ever logged
u32 day_freezes 0 - Daily freezes ever made
u32 month_freezes 0 - Monthly freezes ever made
u32 profile_entries 0 - Entries of the load profile ever made

@ input 0x0800 day: The daily freeze that day_select has selected
u16 day_selected 0 - How many days back: 1 is the last that ended, 0 nothing
u16 day_valid 0 - 1 if there is such a record, 0 if not, and then all behind is unknown
u32 day_number 0 - Number of the entry; it rises by one each
time day_time 0 s When it was frozen
u32 day_date 0 - The day that ended, local time, as the decimal number YYYYMMDD
bits day_flags 0 - 0 made late, 1 after a time nobody knew, 2 amounts of more days
u64 day_import_energy 0 Wh Register +A
u64 day_export_energy 0 Wh Register -A
u64 day_reactive_import 0 varh Register +R
u64 day_reactive_export 0 varh Register -R
u16 day_money_places 0 - Decimals of its credit unit
i64 day_balance 0 CU Balance
i64 day_charged 0 CU Charged on this day
i64 day_credited 0 CU Credited on this day
i64 day_total_charges 0 CU All that was ever charged
i64 day_total_credits 0 CU All that was ever credited
u32 day_import_T1 0 Wh Imported in the month so far, period 1
u32 day_import_T2 0 Wh Period 2
u32 day_import_T3 0 Wh Period 3
u32 day_import_T4 0 Wh Period 4
u32 day_import_T5 0 Wh Period 5
u32 day_import_T6 0 Wh Period 6
u32 day_export_T1 0 Wh Exported in the month so far, period 1
u32 day_export_T2 0 Wh Period 2
u32 day_export_T3 0 Wh Period 3
u32 day_export_T4 0 Wh Period 4
u32 day_export_T5 0 Wh Period 5
u32 day_export_T6 0 Wh Period 6
bytes*4 day_tariff_digest 0 - Tariff in force

@ input 0x0900 month: The monthly statement that month_select has selected
u16 month_selected 0 - How many statements back: 1 is the last, 0 nothing
u16 month_valid 0 - 1 if there is such a record, 0 if not, and then all behind is unknown
u32 month_number 0 - Number of the entry; it rises by one each
time month_time 0 s When it was frozen
u32 month_date 0 - The month that ended, local time, as the decimal number YYYYMM
bits month_flags 0 - 0 made late, 1 after a time nobody knew, 3 part before another tariff
u64 month_import_energy 0 Wh Register +A
u64 month_export_energy 0 Wh Register -A
u64 month_reactive_import 0 varh Register +R
u64 month_reactive_export 0 varh Register -R
u64 month_quadrant_2 0 varh Register of quadrant II
u64 month_quadrant_3 0 varh Register of quadrant III
u64 month_apparent_import 0 VAh Register +VA
u64 month_apparent_export 0 VAh Register -VA
u16 month_demand_minutes 0 min Period of demand, 0 for none
u32 month_demand_import 0 W Highest demand of import
time month_demand_import_time 0 s When its window ended
u32 month_demand_export 0 W Highest demand of export
time month_demand_export_time 0 s When its window ended
u64 month_billed_import 0 Wh Energy in the statement
u64 month_billed_export 0 Wh Energy given back in it
i64 month_energy_cost -8 CUR Cost of energy
i64 month_adders -8 CUR Surcharges by energy
i64 month_fixed -8 CUR Daily and monthly charges, steps, the minimum
i64 month_export_credit -8 CUR What export takes off
i64 month_tax -8 CUR Tax
i64 month_total -8 CUR Total with tax
u16 month_money_places 0 - Decimals of its credit unit
i64 month_balance 0 CU Balance
u32 month_T1 0 Wh Imported in the statement, period 1
u32 month_T2 0 Wh Period 2
u32 month_T3 0 Wh Period 3
u32 month_T4 0 Wh Period 4
u32 month_T5 0 Wh Period 5
u32 month_T6 0 Wh Period 6
bytes*4 month_tariff_digest 0 - Tariff of the statement

@ input 0x0A00 profile: The interval of the load profile that profile_select has selected
u16 profile_selected 0 - How many intervals back: 1 is the last that ended, 0 nothing
u16 profile_valid 0 - 1 if there is such a record, 0 if not, and then all behind is unknown
u32 profile_number 0 - Number of the entry; it rises by one each
time profile_time 0 s When the interval ended
time profile_since 0 s End of the entry before: energy is what was counted since then
u16 profile_minutes 0 min Length of a whole interval
bits profile_flags 0 - 1 time not known, 2 data invalid, 3 daylight saving, 5 clock adjusted, 7
 power was off, 8 supply was off
u32 profile_import 0 Wh Imported; unknown, as all that follow, if it was not captured
u32 profile_export 0 Wh Exported
u32 profile_reactive_import 0 varh Reactive energy, +R
u32 profile_reactive_export 0 varh Reactive energy, -R
u32 profile_voltage_min -2 V Lowest voltage
u32 profile_voltage_max -2 V Highest voltage
u32 profile_power_max 0 W Highest power, 65535 for more
u32 profile_current_max -2 A Highest current, 65535 for more

@ input 0x0B00 purchase: The purchase that purchase_select has selected
u16 purchase_selected 0 - How many back: 1 is the last, 0 nothing
u16 purchase_valid 0 - 1 if there is such a record, 0 if not, and then all behind is unknown
u32 purchase_number 0 - Number of the entry; it rises by one each
u16 purchase_log 0 - Which log: 0 credits, 1 refusals
time purchase_time 0 s When it came
u32 purchase_commit 0 - Commit of the ledger that holds it, or was the last
u16 purchase_carrier 0 - How it came: 1 console, 2 keypad, 3 SMS, 4 network, 5 bus
u16 purchase_code 0 - Token status of DLMS class 115; 3 executed
u16 purchase_reason 0 - Why it was refused, 0 for a credit
u32 purchase_tid 0 - Identity of the purchase
i32 purchase_amount 0 CU Amount
i32 purchase_debt 0 CU What of it has paid a debt
i32 purchase_before 0 CU Balance before
i32 purchase_after 0 CU Balance after

@ input 0x0C00 event: The event that event_select has selected
u16 event_selected 0 - How many back: 1 is the last, 0 nothing
u16 event_valid 0 - 1 if there is such a record, 0 if not, and then all behind is unknown
u32 event_number 0 - Number of the entry; it rises by one each
u16 event_log 0 - Its class, in the order of the counters: 0 power to 8 update
time event_time 0 s When it happened
time event_began 0 s When what it ends began; else the same
u16 event_code 0 - What happened
u16 event_missed 0 - Events of this class since the entry before that were not kept
i32 event_value 0 - How much, by the event
u32 event_import_energy 0 Wh Register +A at that time
u32 event_export_energy 0 Wh Register -A at that time

@ holding 0x0800 select: What the windows show; writing one reads its record, once
u16 day_select 0 - Days back, 1 the last that ended; 0 nothing
u16 month_select 0 - Statements back, 1 the last; 0 nothing
u16 profile_select 0 - Intervals back, 1 the last; 0 nothing
u16 purchase_list 0 - Log of the purchase window: 0 credits, 1 refusals
u16 purchase_select 0 - Purchases back, 1 the last; 0 nothing
u16 event_class 0 - Class of the event window: 0 power, 1 supply, 2 credit, 3 tamper, 4 quality,
 5 clock, 6 configuration, 7 security, 8 update
u16 event_select 0 - Events back, 1 the last; 0 nothing
"""


def heads() -> object:
    """Yield the first line of every block, and of every row its type."""
    at = 1
    while at < len(TABLE):
        end = TABLE.find("\n", at)
        if TABLE[at] == "@":
            yield TABLE[at:end]
        elif TABLE[at] not in " \n":
            yield TABLE[at:TABLE.find(" ", at)]
        at = end + 1


def type_of(kind: str) -> tuple:
    """Return (place in TYPES, registers) of a row's type."""
    if "*" in kind:
        name, _, registers = kind.partition("*")
        return TYPES.index(name), int(registers)
    number = TYPES.index(kind)
    return number, WIDTHS[number]
