"""The page of the link at the console; loaded only where there is one."""

from micropython import const

_REST = const(59)
"""Columns beside a label."""


def page(r: dict, label: str, as_text: object) -> list:
    """Return the lines of the report. label, as_text: as all pages have them."""
    found = [label % ("link", "%s%s%s" % (
        r["phase"], " over " + r["transport"] if r["transport"] else "",
        ", connected" if r["connected"] else ""))]
    if r["failure"]:
        found.append(label % ("last failure", r["failure"]))
    found.append(label % ("lost", "%d connections; %d tries failed" % (
        r["losses"], r["failed_tries"])))
    if r["signal_dBm"] is not None:
        found.append(label % ("signal", "%d dBm" % r["signal_dBm"]))
    if r["airtime_ms"] is not None:
        found.append(label % ("on the air", "%d ms today" % r["airtime_ms"]))
    for name in ("session", "outbox", "readings", "bytes", "modem", "sms"):
        part = r.get(name)
        if part is not None:
            text = as_text(part)
            found.append(label % (name, text[:_REST]))
            for at in range(_REST, len(text), _REST):
                found.append(label % ("", text[at:at + _REST]))
    for row in r["transports"]:
        known = ["%s %s" % (key, as_text(row[key])) for key in sorted(row)
                 if key != "name" and row[key] is not None]
        found.append(label % ("over " + row["name"], ", ".join(known)))
    found.append(label % ("longest step", "%d ms; %d above 20 ms" % (
        r["longest_step_ms"], r["long_steps"])))
    for row in r["flash"]:
        found.append(label % ("flash: " + row[0], "%d ms; %d above 20 ms" % (row[2], row[1])))
    values = r["settings"]
    found.append(label % ("broker", "%s port %d, %s, by %s" % (
        values["host"] or "none", values["port"], "TLS" if values["tls"] else "no TLS",
        as_text(values["transports"]) if values["transports"] else "nothing")))
    for row in r["files"]:
        found.append(label % ("file", "%s, %d bytes, %s" % (row[0], row[1], row[2][:16])))
    for text in r["wrong"]:
        found.append(label % ("wrong", text))
    return found
