"""Commands for the link to the head-end: look at it, set it up, bring it certificates."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.meterctl import certificates, link_values, show
from tools.meterctl.certificates import CERTIFICATE, KEY, Item
from tools.meterctl.errors import BadInput, LineError
from tools.meterctl.meter import Meter
from tools.meterctl.session import AsJson, open_meter

Network = Annotated[str, typer.Argument(help="Name of the network (SSID).")]
Password = Annotated[str, typer.Option(
    help="Where its password is: @prompt, @FILE, @- for standard input, or none.")]

link = typer.Typer(
    help="Show the link, or set it up (settings, set, wifi, certificate, remove).")
wifi = typer.Typer(help="Wi-Fi networks (add, remove).", no_args_is_help=True)


@link.callback(invoke_without_command=True)
def shown(context: typer.Context, as_json: AsJson = False) -> None:
    """Show how the link is doing, when no other command is given."""
    if context.invoked_subcommand is None:
        with open_meter(context) as meter:
            found = meter.call("link")
        if as_json:
            show.as_json(found)
            return
        show.pairs([*_how(found), *_over(found), *_set(found)])


def _how(found: dict[str, Any]) -> list[tuple[str, Any]]:
    if found["phase"] == "none":
        return [("link", "none: nothing is set")]
    session = found.get("session")
    outbox = found.get("outbox")
    spent = found.get("bytes")
    return [
        ("link", found["phase"] + (f" over {found['transport']}" if found.get("transport")
                                   else "") + (", connected" if found.get("connected") else "")),
        ("last failure", found.get("failure")),
        ("connections lost", found.get("losses")),
        ("tries that failed", found.get("failed_tries")),
        ("messages given up", found.get("refused")),
        ("signal", show.with_unit(found.get("signal_dBm"), "dBm")),
        ("on the air today", show.with_unit(found.get("airtime_ms"), "ms")),
        ("session", session and f"{session['connections']} connections; "
         f"{session['published']} sent, {session['resent']} of them again; "
         f"{session['received']} received, {session['repeated']} of them again, "
         f"{session['stray']} stray"),
        ("outbox", outbox and f"{outbox['held']} held, from number {outbox['oldest']} to before "
         f"{outbox['next']}; {outbox['discarded']} given up"),
        ("bytes today", spent and f"{spent['spent']} of {spent['budget'] or 'any number'}"),
    ]


def _over(found: dict[str, Any]) -> list[tuple[str, Any]]:
    modem = found.get("modem")
    sms = found.get("sms")
    rows: list[tuple[str, Any]] = [
        ("modem", modem and f"{modem['model'] or 'not known yet'}, {modem['registration']}; "
         f"{modem['sessions']} times brought up, {modem['restarts']} times restarted by itself"),
        ("modem's next try", modem and modem["wait_s"] and f"in {modem['wait_s']} s, after "
         f"{modem['failures']} failures" or None),
        ("SMS", sms and f"{_CAPABLE[sms['capable']]}; {sms['received']} received, {sms['sent']} "
         f"sent, {sms['discarded']} given up"),
    ]
    for item in found.get("transports") or []:
        text = f"{item['sent']} bytes sent, {item['received']} received"
        if item.get("joined"):
            text = f"network {item['joined']}; {text}"
        if item.get("stalls") is not None:
            text += f"; {item['stalls']} stalls, the longest {item['longest_stall_ms']} ms"
        rows.append((f"over {item['name']}", text))
    rows.append(("longest step", _held(found.get("longest_step_ms"), found.get("long_steps"))))
    return rows + [(f"flash, {name}", _held(longest, count))
                   for name, count, longest in found.get("flash") or []]


def _held(longest_ms: int | None, count: int | None) -> str | None:
    text = show.with_unit(longest_ms, "ms")
    return text if count is None else f"{text}; {count} above 20 ms"


_CAPABLE = {None: "not known yet", True: "can be had", False: "cannot be had"}


def _set(found: dict[str, Any]) -> list[tuple[str, Any]]:
    settings = found.get("settings")
    rows: list[tuple[str, Any]] = []
    if settings is not None:
        rows.append(("broker", f"{settings['host'] or 'none'}, port {settings['port']}, "
                     + ("TLS" if settings["tls"] else "no TLS")))
        rows.append(("transports", link_values.shown(settings["transports"])))
        rows.append(("Wi-Fi networks", ", ".join(
            name if secret else f"{name} (open)" for name, secret in settings["wifi"])))
    rows += [("file", f"{name}, {size} bytes, SHA-256 {digest[:16]}")
             for name, size, digest in found.get("files") or []]
    return rows + [("wrong", text) for text in found.get("wrong") or []]


@link.command("settings")
def list_settings(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the settings of the link; of what is secret, whether it is set."""
    with open_meter(context) as meter:
        _print_settings(meter.call("link"), as_json)


def _print_settings(found: dict[str, Any], as_json: bool, names: list[str] | None = None) -> None:
    settings = found.get("settings") or {}
    if as_json:
        show.as_json(settings)
        return
    if not settings:
        show.said("link: none: nothing is set")
        return
    show.rows(("setting", "value"), [
        (name, link_values.shown(settings[name])) for name in names or sorted(settings)
        if name in settings])


@link.command("set")
def set_values(
    context: typer.Context,
    values: Annotated[list[str], typer.Argument(
        help="NAME=VALUE, several at once. A secret is NAME=@prompt, NAME=@FILE, or NAME=@- for "
             "a line of standard input.")],
    as_json: AsJson = False,
) -> None:
    """Change settings of the link: all of those given, or none if one is refused."""
    changes = link_values.read(values)
    with open_meter(context) as meter:
        found = meter.call("link_set", values=changes)
    _print_settings(found, as_json, list(changes))


@wifi.command("add")
def add_network(
    context: typer.Context, name: Network, password: Password = link_values.PROMPT,
    as_json: AsJson = False,
) -> None:
    """Add a Wi-Fi network, or change the password of one."""
    known = ""
    if password != "none":
        if not password.startswith("@"):
            raise BadInput("option --password: on a command line others could read it: must be "
                           "@prompt, @FILE, @- or none")
        known = link_values.secret(f"password of network {name}", password)
    link_values.checked("wifi", [[name, known]])
    with open_meter(context) as meter:
        kept: list[list[Any]] = [entry for entry in _networks(meter) if entry[0] != name]
        found = meter.call("link_set", values={"wifi": [*kept, [name, known]]})
    _print_settings(found, as_json, ["wifi"])


@wifi.command("remove")
def remove_network(context: typer.Context, name: Network, as_json: AsJson = False) -> None:
    """Remove a Wi-Fi network."""
    with open_meter(context) as meter:
        there = _networks(meter)
        kept = [entry for entry in there if entry[0] != name]
        if len(kept) == len(there):
            raise BadInput(f"network {name}: must be one of "
                           f"{', '.join(entry[0] for entry in there) or 'none'}")
        found = meter.call("link_set", values={"wifi": kept})
    _print_settings(found, as_json, ["wifi"])


def _networks(meter: Meter) -> list[list[Any]]:
    """Return the networks of the meter: each has `true` for its password, which is kept so."""
    settings = meter.call("link").get("settings") or {}
    return list(settings.get("wifi") or [])


@link.command()
def certificate(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(
        help="CA's certificate, the meter's own, its key: PEM or DER, one of a kind at once.")],
    kind: Annotated[str | None, typer.Option(
        "--as", help="ca, certificate or key: what a single file must be.")] = None,
    as_json: AsJson = False,
) -> None:
    """Bring certificates and keys to the meter, and have them used from now on, all at once."""
    if kind is not None and (kind not in certificates.KINDS or len(files) != 1):
        raise BadInput("option --as: must be ca, certificate or key, with one file")
    items = [certificates.read(file, kind, datetime.now(UTC)) for file in files]
    certificates.check_pair(items)
    with open_meter(context) as meter:
        before = meter.call("link").get("settings") or {}
        have = {item.kind for item in items} | {k for k in (CERTIFICATE, KEY) if before.get(k)}
        if len(have & {CERTIFICATE, KEY}) == 1:
            raise BadInput("link certificate: the meter's own certificate and its key: both or "
                           "neither; name both files")
        for item in items:
            _bring(meter, item)
        meter.call("link_set", values={item.kind: item.name for item in items})
        _clear(meter, [before.get(item.kind, "") for item in items], items)
    if as_json:
        show.as_json([{"kind": item.kind, "file": item.name, "size": len(item.der),
                       "sha256": item.digest, **item.facts} for item in items])
        return
    for item in items:
        show.said(f"{item.source}: in use as {item.kind}, {item.name}")
        show.pairs([("  " + name, text) for name, text in item.facts.items()])


def _bring(meter: Meter, item: Item) -> None:
    meter.upload(item.der, lambda _: None)
    for name, size, digest in meter.call("link_file", name=item.name)["files"]:
        if name == item.name:
            if (size, digest) != (len(item.der), item.digest):
                raise LineError(f"port {meter.port}: {item.source}: the meter has SHA-256 "
                                f"{digest[:16]}, must be {item.digest[:16]}")
            return
    raise LineError(f"port {meter.port}: {item.source}: the meter has no file {item.name} now")


def _clear(meter: Meter, names: list[str], items: list[Item]) -> None:
    """Remove the files that were in use before."""
    there = [row[0] for row in meter.call("link").get("files") or []]
    for name in names:
        if name in there and name not in [item.name for item in items]:
            meter.call("link_file", name=name, remove=True)


@link.command()
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="File on the meter, as `meterctl link` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Remove a certificate or key that no setting names from the meter."""
    with open_meter(context) as meter:
        found = meter.call("link_file", name=name, remove=True)
    if as_json:
        show.as_json(found)
        return
    show.said(f"{name}: removed")


def add(app: typer.Typer) -> None:
    link.add_typer(wifi, name="wifi")
    app.add_typer(link, name="link")
