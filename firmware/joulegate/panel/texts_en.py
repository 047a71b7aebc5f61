"""What the display says in English. Keys are those of texts_zh.py.

A line each, key and text; "|" parts the two lines of a detail. Titles have at most 16
characters, the lines of a detail 21.
"""

TEXTS = """
title.balance Balance
title.available Available
title.days_left Days left
title.emergency Emergency credit
title.purchase Purchase
title.debt Debt
title.price Price now
title.tier Tier
title.next_price Next price
title.today Used today
title.today_cost Cost today
title.month Used this month
title.month_cost Cost this month
title.total Total used
title.export Total exported
title.export_month Exported, month
title.power Power
title.voltage Voltage
title.current Current
title.power_factor Power factor
title.frequency Frequency
title.supply Supply
title.alarm Alarm
title.energy Other energy
title.meter Meter number
title.date Date
title.time Time
title.firmware Firmware
title.token Enter token
title.accepted Token accepted
title.refused Token refused
title.locked Keypad locked
title.unknown No such page
unit.kWh kWh
unit.W W
unit.kW kW
unit.V V
unit.A A
unit.Hz Hz
unit.d days
unit.s s
currency.CNY ¥
word.with_emergency with emergency credit
word.mean as in the last days
word.not_known not known yet
word.offered press the button|to use it
word.in_use in use
word.not_in_use not in use
word.tier tier %d of %d
word.to_next to tier %d
word.last_tier last tier
word.price_of price of tier %d
word.from from %s
word.no_time time not set
word.none none
word.balance balance
word.more_tokens %d more tokens
word.done carried out
word.show_page # shows: %s
word.enter_hint # enter   * delete
word.by_days taken by the day
word.of_topups taken of top-ups
word.cost cost %s
energy.water Water
energy.gas Gas
energy.heat Heat
supply.on connected
supply.off disconnected
supply.ready press the button
supply.fault relay fault
period.all all day
period.sharp sharp peak
period.peak peak
period.on peak
period.high peak
period.flat flat
period.standard standard
period.shoulder shoulder
period.day day
period.valley valley
period.low low
period.off off-peak
period.offpeak off-peak
period.night night
alarm.1 No credit:|please top up
alarm.2 Switched off by|your supplier
alarm.3 Overload:|too much current
alarm.4 Mains voltage|out of range
alarm.5 Tampering:|call your supplier
alarm.6 Too much power:|switch loads off
alarm.7 Meter fault:|terminals are hot
alarm.8 Low credit:|press the button
alarm.11 Cover open
alarm.12 Terminal cover open
alarm.13 Opened while off
alarm.14 Magnet near
alarm.15 Reversed connection
alarm.16 Currents differ|line and neutral
alarm.17 Neutral missing
alarm.18 Neutral disturbed
alarm.19 Load side is fed|from elsewhere
alarm.20 Relay bypassed
alarm.21 Clock set back
alarm.22 Memory replaced
alarm.31 Low credit:|please top up
alarm.32 Relay fault
alarm.33 Clock not set
alarm.34 Tokens suspended:|call your supplier
alarm.35 Safe mode
alarm.36 Memory fault
alarm.37 Measuring fault
token.format not 20 digits
token.crc wrong digits, or|of another meter
token.used used already
token.old too old
token.future newer than the|meter's clock
token.key_expired its key has expired
token.not_supported this meter does not|know its kind
token.manufacturer another maker's test
token.key key tokens|do not fit
token.locked wait: too many|wrong tokens
token.storage memory fault:|try again later
token.suspended suspended:|call your supplier
token.overflow balance too high:|keep it for later
token.none this meter|takes no tokens
"""
