// Code that the scenario runs on the chip, by the raw REPL, to see how long things take there.

// A task that wants to run every 2 ms: how much later it does is how much later a tick would.
// `app.seen`: the longest in us, how many above 20 ms, and those.
export const CANARY = `
import asyncio, time
app.seen = [0, 0, []]
async def _canary(seen):
    while True:
        began = time.ticks_us()
        await asyncio.sleep_ms(2)
        late = time.ticks_diff(time.ticks_us(), began) - 2000
        if late > seen[0]:
            seen[0] = late
        if late > 20000:
            seen[1] += 1
            if len(seen[2]) < 24:
                seen[2].append(late)
app.canary = asyncio.create_task(_canary(app.seen))
`;

// Times calls: `app.costs` has for each name how often, all in us, the longest in us. `app.steps`:
// [name, us] of each step of the messages that come.
export const PROBES = `
import gc, time
app.costs = {}
app.steps = []
def _probe(owner, name, label, collect=False):
    inner = getattr(owner, name)
    cost = app.costs.setdefault(label, [0, 0, 0])
    def timed(*arguments, **named):
        if collect:
            gc.collect()
        began = time.ticks_us()
        try:
            return inner(*arguments, **named)
        finally:
            took = time.ticks_diff(time.ticks_us(), began)
            cost[0] += 1
            cost[1] += took
            cost[2] = max(cost[2], took)
    setattr(owner, name, timed)
service = app.entrance.messages
_probe(service, "seal", "seal", True)
def _probe_steps():
    from joulegate.vending.steps import Work
    inner = Work.step
    def timed(work):
        gc.collect()  # one that falls into a step is told apart, as "collection"
        began = time.ticks_us()
        name = inner(work)
        took = time.ticks_diff(time.ticks_us(), began)
        cost = app.costs.setdefault("step " + (name or "of computing"), [0, 0, 0])
        cost[0] += 1
        cost[1] += took
        cost[2] = max(cost[2], took)
        if len(app.steps) < 64:
            app.steps.append([name, took])
        return name
    Work.step = timed
_probe_steps()
_probe(app.task, "step", "tick")
_probe(app.uplink, "receipt", "receipt stored")
_probe(app.uplink, "next", "next")
_probe(app.uplink, "step", "uplink step")
_probe(app.state.ledger, "commit", "commit")
_probe(service._messages._ring, "derive", "derive")
_probe(app.network.modem.engine, "pump", "pump")
_probe(app.network.link.session, "step", "session step")
def _longest_body():
    from joulegate.vending.cbor import decode, encode
    from joulegate.vending.instructions import parse
    data = encode({0: 25, 2: ["a_name_of_some_setting", 1000000] * 16}, 475)
    began = time.ticks_us()
    body = decode(data)
    took = time.ticks_diff(time.ticks_us(), began)
    app.costs["longest body, decode"] = [1, took, took]
    began = time.ticks_us()
    parse(body, 2)
    took = time.ticks_diff(time.ticks_us(), began)
    app.costs["longest body, parse"] = [1, took, took]
_longest_body()
_began = time.ticks_us()
gc.collect()
app.costs["collection"] = [1] + [time.ticks_diff(time.ticks_us(), _began)] * 2
`;
