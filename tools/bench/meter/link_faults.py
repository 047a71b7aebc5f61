"""What goes wrong with a link, each by a function that does it to a run."""

from joulegate.core import events as event
from meter.link_office import DOWN

_US = 1000000


def cut_at_byte(run: object) -> str:
    random = run.random
    run.network.cut_after = 1 + random.randrange(random.choice((20, 200, 2000)))
    run.network.cut_heard_by = random.randrange(4)
    return "cut after %d bytes, heard by %d" % (run.network.cut_after, run.network.cut_heard_by)


def cut_now(run: object) -> str:
    heard_by = run.random.randrange(4)
    run.network.cut(heard_by)
    return "cut, heard by %d" % heard_by


def broker_restarts(run: object) -> str:
    random = run.random
    forget = random.random() < 0.6
    away = random.choice((0, 1, 30, 300, 1200))
    run.stop_broker(forget, random.random() < 0.5, away)
    return "broker restarts%s, away %d s" % (" and forgets" if forget else "", away)


def broker_killed_often(run: object) -> str:
    for i in range(4):
        run.at(run.now() + i * run.random.randrange(20, 120) * _US,
               lambda: run.stop_broker(True, True, 1))
    return "broker killed four times"


def queue_limited(run: object) -> str:
    run.broker.queue_limit = run.random.choice((1, 3, 10))
    return "queue limit %d" % run.broker.queue_limit


def power_cut(run: object) -> str:
    random = run.random
    operation = random.choice((1, 2, 3, 5, 8, 13, 21)) + random.randrange(3)
    torn = random.random() < 0.5
    away = random.choice((1, 10, 600, 3600))
    run.cut_power_at(operation, torn, away)
    return "power cut at flash operation %d%s, away %d s" % (
        operation, ", torn" if torn else "", away)


def power_off(run: object) -> str:
    away = run.random.choice((1, 30, 3600))
    run.power_off(away)
    return "power off for %d s" % away


def registration_lost(run: object) -> str:
    seconds = run.random.choice((10, 60, 400, 3600))
    run.network.down_until = run.now() + seconds * _US
    run.network.cut(run.random.choice((0, 2, 3)))
    return "registration lost for %d s" % seconds


def modem_resets(run: object) -> str:
    run.meter.transport.fails_at = 1 + run.random.randrange(6)
    run.network.cut(run.random.randrange(4))
    return "modem reset, and at step %d of the next attach" % run.meter.transport.fails_at


def refused(run: object) -> str:
    seconds = run.random.choice((30, 300, 1800))
    run.network.refused_until = run.now() + seconds * _US
    run.network.cut(3)
    return "connections refused for %d s" % seconds


def silence(run: object) -> str:
    if run.network.stream is not None:
        run.network.stream.silent = True
    return "silent"


def blocked(run: object) -> str:
    seconds = run.random.choice((5, 50, 200))
    run.network.blocked_until = run.now() + seconds * _US
    return "no room for %d s" % seconds


def slow(run: object) -> str:
    network = run.network
    network.delay_us, network.piece_max = run.random.choice((
        (20000, 1500), (600000, 7), (4000000, 100), (50000, 1), (1000000, 40)))
    return "%d ms under way, pieces of %d" % (network.delay_us // 1000, network.piece_max)


def order_lost(run: object) -> str:
    run.broker.repeat_part = run.random.choice((0.2, 0.6))
    run.broker.shuffle_part = run.random.choice((0.0, 0.5))
    return "broker delivers twice and out of order"


def receipts_lost(run: object) -> str:
    run.head_end.loses_receipts = run.random.choice((0.3, 0.8))
    return "receipts lost"


def head_end_away(run: object) -> str:
    seconds = run.random.choice((10, 300, 3600))
    run.head_end.disconnect()
    run.at(run.now() + seconds * _US, run.head_end.connect)
    return "head-end away for %d s" % seconds


def outbox_overflows(run: object) -> str:
    """More happens than the outbox holds, and nobody acknowledges it for hours."""
    random = run.random
    run.head_end.disconnect()
    run.at(run.now() + 20000 * _US, run.head_end.connect)
    for i in range(70):
        code = random.choice((event.COVER_OPENED, event.LOW_CREDIT, event.RELAY_FAULT))
        run.at(run.now() + i * 150 * _US, lambda code=code, i=i: run.log_event(code, i))
    return "head-end away for 20000 s, and an event every 150 s"


def flash_fails(run: object) -> str:
    seconds = run.random.choice((2, 30, 200))
    run.fail_files(seconds)
    return "flash fails for %d s" % seconds


def clock_unknown(run: object) -> str:
    run.meter.lean.board.clock.trusted = False
    run.power_off(5)
    run.at(run.now() + run.random.choice((60, 1200)) * _US, run.set_clock)
    return "clock lost"


def flood(run: object) -> str:
    random = run.random
    count = random.randrange(5, 60)
    for _ in range(count):
        size = random.choice((0, 1, 30, 200, 512, 600, 3000))
        run.broker.publish(DOWN, bytes(random.getrandbits(8) for _ in range(min(size, 64)))
                           + bytes(max(0, size - 64)))
    return "flood of %d messages" % count


def replays(run: object) -> str:
    sent = [p.message for p in run.station.purchases if p.message]
    for message in sent:
        for _ in range(run.random.randrange(3)):
            run.broker.publish(DOWN, message)
    return "%d old messages again" % len(sent)


def wrong_packet(run: object) -> str:
    stream = run.network.stream
    if stream is not None:
        stream.write(run.random.choice((
            b"\x00\x00", b"\x20\x02\x00\x00", b"\x30\xff\xff\xff\xff\xff", b"\x90\x03\x00\x01\x80",
            b"\x40\x02\x7f\xff", b"\x32\x05\x00\x01a\x00\x00", b"\xd0\x01\x00")))
    return "a packet that cannot be"


def events(run: object) -> str:
    random = run.random
    codes = random.choice((
        (event.COVER_OPENED, event.COVER_CLOSED), (event.SAG,),
        (event.STARTED, event.SAG, event.LOW_CREDIT, event.RTC_FAILED, event.TARIFF_LOADED)))
    count = random.randrange(1, 30)
    for i in range(count):
        run.log_event(codes[i % len(codes)], i)
    return "%d events" % count


def freezes(run: object) -> str:
    run.jump_days(run.random.choice((1, 1, 2, 5)))
    return "days pass without power"


ALL = (
    cut_at_byte, cut_at_byte, cut_now, broker_restarts, broker_restarts, broker_killed_often,
    queue_limited, power_cut, power_cut, power_off, registration_lost, modem_resets, refused,
    silence, blocked, slow, order_lost, receipts_lost, head_end_away, outbox_overflows,
    flash_fails, clock_unknown, flood, replays, wrong_packet, events, events, freezes,
)
