"""What the meter tells about its link, ready for JSON; loaded only where there is one.

Passwords, the PIN and keys are in none of it: of secrets it says whether there are any, of files
their size and SHA-256.
"""

import os
from binascii import hexlify
from hashlib import sha256

from micropython import const

FILES_MAX = const(8)
"""Files that the folder of certificates may have."""
_BLOCK = const(256)


def link(app: object) -> dict:
    """Return state, counters, settings and files of the link.

    Of parts that there are not, such as a modem, it says None.
    """
    network = app.network
    uplink = network.uplink
    report = {
        "phase": "start", "transport": "", "connected": False, "failure": "", "losses": 0,
        "failed_tries": 0, "refused": 0, "longest_step_ms": 0, "long_steps": 0, "flash": [],
        "signal_dBm": None,
        "airtime_ms": None, "session": None, "modem": _modem(network.modem),
        "sms": _sms(network.sms),
        "transports": [_transport(network.transports[name])
                       for name in sorted(network.transports)],
    }
    if uplink is None:
        report["phase"] = "failed"
        report["failure"] = "its settings could not be used at the start"
    else:
        report.update(_uplink(uplink))
    if network.link is not None:
        report.update(_task(network.link, network.transports))
        if report["signal_dBm"] is None and network.link.connected:
            report["signal_dBm"] = uplink.signal  # of a network that has no transport
    report["settings"] = network.settings.report()
    report["wrong"] = list(network.settings.wrong)
    report["files"] = files(network.settings.certificates)
    return report


def _task(task: object, transports: dict) -> dict:
    transport = transports.get(task.transport)
    session = task.session
    return {
        "phase": task.phase, "transport": task.transport, "connected": task.connected,
        "failure": task.failure, "losses": task.losses, "failed_tries": task.failures,
        "refused": task.refused, "longest_step_ms": task.holds.longest_ms,
        "long_steps": task.holds.long, "flash": task.holds.rows(),
        "signal_dBm": transport.signal() if transport is not None else None,
        "airtime_ms": getattr(task, "airtime_ms", None),
        "session": None if session is None else {
            "connections": session.connections, "published": session.published,
            "resent": session.resent, "received": session.received,
            "repeated": session.repeated, "stray": session.stray},
    }


def _uplink(uplink: object) -> dict:
    outbox = uplink.held.outbox if uplink.held is not None else None
    return {
        "outbox": None if outbox is None else {
            "oldest": outbox.first, "next": outbox.next, "held": outbox.held,
            "discarded": outbox.discarded},
        "readings": {"waiting": uplink.readings.count, "discarded": uplink.readings.discarded},
        "bytes": {"spent": uplink.budget.spent, "budget": uplink.budget.limit},
    }


def _modem(modem: object) -> "dict | None":
    if modem is None:
        return None
    return {"model": modem.model, "registration": modem.registration.text,
            "signal_dBm": modem.registration.rssi, "sessions": modem.sessions,
            "restarts": modem.restarts, "failures": modem.ladder.failures,
            "wait_s": modem.ladder.wait_s}


def _sms(sms: object) -> "dict | None":
    if sms is None:
        return None
    return {"capable": sms.capable, "received": sms.received, "sent": sms.sent,
            "discarded": sms.discarded}


def _transport(transport: object) -> dict:
    """Return the counters that a transport has: `stalls` those of the board's sockets alone."""
    return {
        "name": transport.name, "sent": transport.sent, "received": transport.received,
        "stalls": getattr(transport, "stalls", None),
        "longest_stall_ms": getattr(transport, "longest_stall_ms", None),
        "joined": getattr(transport, "joined", None)}


def files(folder: str) -> list:
    """Return [name, size, SHA-256 in hexadecimal] of the certificates and keys; OSError."""
    try:
        names = [name for name in os.listdir(folder) if not name.startswith(".")]
    except OSError:
        return []  # there is no folder before the first file
    found = []
    buffer = bytearray(_BLOCK)
    view = memoryview(buffer)
    for name in sorted(names)[:FILES_MAX]:
        digest = sha256()
        size = 0
        with open(folder + "/" + name, "rb") as f:
            while True:
                count = f.readinto(buffer)
                if not count:
                    break
                digest.update(view[:count])
                size += count
        found.append([name, size, hexlify(digest.digest()).decode()])
    return found
