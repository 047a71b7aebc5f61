// The link's scenario: a meter with a modem on its UART finds its broker, says what it has to
// say, takes credit by message and by SMS, and goes on metering.
import { CANARY, PROBES } from "./probes.mjs";

const VOLTS = 230;
const WATTS = 4600;
const UNIT_PLACES = 5;
const PIECE_BYTES = 256;
const HEAP_BLOCK_BYTES = 16;
const HEAP_FREE_MIN = 0.3;
const LARGEST_FREE_MIN_BYTES = 16384; // the longest document
const GAP_MAX_MS = 1500;
const QUIET_MS = 10_000;
const BURST = 4;
const STACK_USED_MAX = 0.85;
const STACK_MARGIN_BYTES = 256; // what MicroPython takes off the size it tells

export class LinkLife {
  constructor(bed, checks, peers, dialogue, task) {
    Object.assign(this, { bed, checks, peers, dialogue, task });
    this.line = bed.line;
    this.repl = bed.repl;
    this.figures = {};
  }

  get nowMs() {
    return this.bed.pico.milliseconds;
  }

  run() {
    this.provision();
    this.connect();
    this.quiet();
    this.credit();
    this.sms();
    this.burst();
    this.modemResets();
    this.costs();
    this.memory();
  }

  provision() {
    this.bed.world.setLoad(VOLTS, WATTS);
    this.bed.powerOn();
    this.line.expect("> ", 10_000);
    this.repl.enter();
    const { firmware, profile } = this.repl.call({ do: "identity" });
    const banner = this.repl.exec("import sys\nprint(sys.version, 'on', sys.implementation[2])");
    Object.assign(this.figures, { banner: banner.trim(), firmware, profile });
    this.checks.equal("MicroPython's socket module", "none", this.repl.exec(
      "try:\n import socket\n print('there')\nexcept ImportError:\n print('none')").trim());
    this.repl.call({ do: "token_key", key: this.task.token_key });
    this.repl.call({ do: "message_keys", keys: this.task.keys, factory: false });
    const document = Buffer.from(this.task.tariff);
    for (let at = 0; at < document.length; at += PIECE_BYTES) {
      const hex = document.subarray(at, at + PIECE_BYTES).toString("hex");
      this.repl.call({ do: "upload", at, hex });
    }
    this.repl.call({
      do: "provision", meter_id: this.task.meter, time: this.task.time, unit_places: UNIT_PLACES,
      settings: {},
    }, 20_000);
    this.repl.leave();
    this.#awaitContact("no credit: contact opens", false, 5000);
    this.#restart();
    this.figures.heap_before = this.#heap();
    this.figures.stack_bytes = this.#stackBytes();
  }

  // With the link's settings, and from its start: so the heap is that of a meter in use.
  connect() {
    this.#exec(`app.network.change(${this.task.link})`);
    this.#restart();
    const from = this.bed.starts.at(-1);
    this.bed.pico.paintStack(this.figures.stack_bytes);
    this.line.until(() => this.#began(/^AT\+CGATT|^AT\+QI/, from), "registered", 120_000);
    this.line.until(() => this.#online(from), "connected", 60_000);
    const registered = this.#registered(from);
    this.line.until(() => this.#topics("up/status") > 0, "a status", 20_000);
    Object.assign(this.figures, {
      connected_ms: this.nowMs - from,
      registered_to_online_ms: this.#online(from) - registered,
      connecting_gap_ms: this.bed.stopwatch.longestGap(from, this.nowMs),
    });
    this.checks.equal("link on retained topic", "1 or more", this.#topics("link") ? "1 or more" : 0);
    this.checks.within("registered to online", 0, 15_000, this.figures.registered_to_online_ms,
      "ms", 0);
    this.checks.within("longest time between ticks while connecting", 0, GAP_MAX_MS,
      this.figures.connecting_gap_ms, "ms", 1);
    this.figures.holds_connecting = this.#holds();
    this.figures.heap_connected = this.#heap();
  }

  quiet() {
    this.line.wait(3000);
    const { stopwatch } = this.bed;
    const from = this.nowMs;
    this.line.wait(QUIET_MS);
    this.figures.quiet = {
      ...stopwatch.steady(from, this.nowMs), tick_gap_ms: stopwatch.longestGap(from, this.nowMs),
    };
    this.checks.within("longest time between ticks, connected, quiet", 0, 1100,
      this.figures.quiet.tick_gap_ms, "ms", 1);
    this.#exec(CANARY);
    this.#canary(100);
    this.figures.canary_quiet = this.#canary(3000);
  }

  credit() {
    this.#canary(100);
    const from = this.nowMs;
    const asked = this.peers.ask("vend", { words: ["credit", "--amount", "5"] });
    const contact = this.#awaitContact("credit by message: contact closes", true, 30_000);
    const receipt = this.#answer(asked, "a receipt", 30_000);
    this.checks.equal("the receipt says", "confirmed", receipt.state);
    const came = this.dialogue.first("modem", /^\+QIURC: "recv"/, from);
    Object.assign(this.figures, {
      credit_sent_to_closed_ms: contact - from,
      credit_came_to_closed_ms: came === null ? null : contact - came,
      credit_sent_to_receipt_ms: this.nowMs - from,
    });
    this.checks.within("credit came to contact closed", 0, 3000,
      this.figures.credit_came_to_closed_ms, "ms", 0);
    this.figures.canary_credit = this.#canary(2000);
  }

  sms() {
    const at = this.task.token_at;
    const token = this.#answer(this.peers.ask("token", { amount: "10.0", at }), "a token", 60_000);
    const before = this.#balance();
    this.#canary(100);
    const from = this.nowMs;
    this.#answer(this.peers.ask("modem", {
      sms: { from: "+15550100", text: `Token ${token}` },
    }), "the modem", 20_000);
    this.line.until(() => this.dialogue.first("meter", /^AT\+CMGS/, from) !== null,
      "an answer by SMS", 60_000);
    this.line.wait(6000);
    this.figures.sms_to_answer_ms = this.dialogue.first("meter", /^AT\+CMGS/, from) - from;
    this.figures.canary_sms = this.#canary(100);
    const { sms_out: out } = this.#answer(this.peers.ask("modem", { sms_out: true }), "SMS", 20_000);
    this.checks.check("answer by SMS", "Accepted. Balance", out.at(-1)?.text ?? "none",
      out.at(-1)?.text.startsWith("Accepted. Balance"));
    this.checks.check("balance", "more than before", `${this.#balance()} after ${before}`,
      this.#balance() > before);
  }

  burst() {
    this.#canary(100);
    const from = this.nowMs;
    for (let i = 0; i < BURST; i += 1) {
      const asked = this.peers.ask("vend", { words: ["credit", "--amount", "1"] });
      const { state } = this.#answer(asked, "a receipt", 60_000);
      this.checks.equal(`message ${i + 1} of ${BURST}`, "confirmed", state);
    }
    this.#answer(this.peers.ask("vend", { words: ["send-reading"] }), "sent", 60_000);
    this.line.until(() => this.#topics("up/reading") > 0, "a reading", 30_000);
    this.figures.burst = {
      seconds: (this.nowMs - from) / 1000,
      tick_gap_ms: this.bed.stopwatch.longestGap(from, this.nowMs),
    };
    this.figures.canary_burst = this.#canary(100);
    this.checks.within("longest time between ticks, messages coming", 0, GAP_MAX_MS,
      this.figures.burst.tick_gap_ms, "ms", 1);
  }

  modemResets() {
    const from = this.nowMs;
    const online = this.#topics("link");
    this.#answer(this.peers.ask("modem", { reset: true }), "the modem", 20_000);
    this.line.until(() => this.#topics("link") > online && this.#online(from),
      "connected again", 180_000);
    this.figures.reset_to_online_ms = this.nowMs - from;
    this.checks.check("modem resets by itself: online again", "yes",
      `after ${(this.figures.reset_to_online_ms / 1000).toFixed(1)} s`, true);
    this.line.wait(3000);
    this.figures.canary_reset = this.#canary(100);
  }

  costs() {
    const { stack_bytes: bytes } = this.figures;
    this.figures.stack_used = this.bed.pico.stackUsed(bytes);
    this.checks.check("deepest stack", `at most ${STACK_USED_MAX * bytes} bytes`,
      `${this.figures.stack_used} bytes`, this.figures.stack_used <= STACK_USED_MAX * bytes);
    const holds = this.#holds();
    this.#exec(PROBES);
    for (let i = 0; i < 2; i += 1) {
      const asked = this.peers.ask("vend", { words: ["credit", "--amount", "1"] });
      const { state } = this.#answer(asked, "a receipt", 60_000);
      this.checks.equal(`message ${i + 1}, timed`, "confirmed", state);
    }
    const said = JSON.parse(this.#exec(
      "import json\nprint(json.dumps([app.costs, app.steps, " +
      "app.network.modem.engine.reader.overflows, app.network.modem.engine.reader.noise, " +
      "app.network.modem.engine.strays, app.network.modem.restarts, " +
      "app.network.link.losses, app.network.link.failures, app.network.link.failure]))"));
    const [costs, steps, overflows, noise, strays, restarts, losses, failures, failure] = said;
    const uart = this.bed.pico.mcu.uart[0];
    Object.assign(this.figures, {
      costs, holds, steps,
      line: { overflows, noise, strays, restarts, losses, failures, failure, overruns: uart.overruns },
    });
    this.checks.equal("UART: overruns, lines too long, noise", "0 0 0",
      `${uart.overruns} ${overflows} ${noise}`);
  }

  memory() {
    this.#exec("app.canary.cancel()\ndel app.canary, app.seen, app.steps");
    this.line.wait(500);
    this.figures.heap = this.#heap();
    const { used, free, largest } = this.figures.heap;
    this.checks.check("heap free", "30 % or more", `${((100 * free) / (free + used)).toFixed(1)} %`,
      free / (free + used) >= HEAP_FREE_MIN);
    this.checks.check("largest piece of it", `${LARGEST_FREE_MIN_BYTES} bytes or more`,
      `${largest} bytes`, largest >= LARGEST_FREE_MIN_BYTES);
    this.checks.equal("faults on the bus of the metering IC", "none",
      [...this.bed.faults].join(", ") || "none");
    this.figures.heard = this.heard;
  }

  #restart() {
    const { pico } = this.bed;
    const { resets } = pico;
    this.line.wait(1000);
    this.repl.enter();
    this.repl.call({ do: "reset" });
    this.line.until(() => pico.resets > resets, "restart", 10_000);
    this.#watchPwrkey();
    this.line.expect("> ", 10_000);
  }

  // --- the modem's button -------------------------------------------------------------------

  #watchPwrkey() {
    let since = null;
    this.bed.pico.mcu.gpio[this.bed.world.pins.MODEM_PWRKEY].addListener((level) => {
      if (level === 1) since = this.nowMs;
      else if (since !== null) {
        this.peers.ask("modem", { power_key: Math.round(this.nowMs - since) });
        since = null;
      }
    });
  }

  // --- what was said ------------------------------------------------------------------------

  #began(pattern, from) {
    return this.dialogue.first("meter", pattern, from) !== null;
  }

  #registered(from) {
    return this.dialogue.first("modem", /^\+CE?G?REG: (\d,)?[15](,|$)/, from);
  }

  // When the meter had said that it is there; the session is subscribed then.
  #online(from) {
    return this.dialogue.first("meter", /online/, from);
  }

  #topics(suffix) {
    if (this.asking === undefined) this.asking = this.peers.ask("heard");
    const heard = this.peers.answer(this.asking);
    if (heard !== undefined) {
      this.heard = heard;
      this.asking = undefined;
    }
    return (this.heard ?? []).filter(({ topic }) => topic === suffix).length;
  }

  #answer(number, what, ms) {
    let found;
    this.line.until(() => {
      found = this.peers.answer(number);
      return found !== undefined;
    }, what, ms);
    return found;
  }

  // --- the meter ----------------------------------------------------------------------------

  #exec(code) {
    this.repl.enter();
    const printed = this.repl.exec(`app = meter._requests._app\n${code}`, 20_000);
    this.repl.leave();
    return printed;
  }

  // What the meter tells of how long its link has held others up since the start.
  #holds() {
    return JSON.parse(this.#exec("import json\nh = app.network.link.holds\n" +
      "print(json.dumps([h.longest_ms, h.long, h.rows()]))"));
  }

  #heap() {
    const said = this.#exec(
      "import gc, micropython\ngc.collect()\nprint(gc.mem_alloc(), gc.mem_free())\n" +
      "micropython.mem_info()");
    this.line.wait(500);
    const largest = [...this.line.text.matchAll(/max free sz: (\d+)/g)].at(-1);
    const [used, free] = said.trim().split("\r\n")[0].split(" ").map(Number);
    return { used, free, largest: largest ? Number(largest[1]) * HEAP_BLOCK_BYTES : 0 };
  }

  #stackBytes() {
    const [size] = [...this.line.text.matchAll(/stack: \d+ out of (\d+)/g)].at(-1).slice(1);
    return Number(size) + STACK_MARGIN_BYTES;
  }

  // What the canary has seen in the next `ms` and before, and let it begin anew. With it the
  // flash operations of that time: the processor waits for each.
  #canary(ms) {
    this.line.wait(ms);
    const flash = this.bed.pico.flashOperations;
    const before = this.flash ?? flash;
    this.flash = flash;
    const said = this.#exec("import json\nprint(json.dumps(app.seen))\napp.seen[:] = [0, 0, []]");
    const [longest, over, list] = JSON.parse(said);
    return {
      longest_ms: longest / 1000, over_20_ms: over, list: list.map((us) => us / 1000),
      programs: flash.programs - before.programs, erases: flash.erases - before.erases,
    };
  }

  #balance() {
    this.repl.enter();
    const { balance } = this.repl.call({ do: "balance" });
    this.repl.leave();
    return Number(balance);
  }

  #awaitContact(what, closed, ms) {
    const text = (value) => (value ? "closed" : "open");
    this.line.wait(ms, () => this.bed.world.state().closed === closed);
    const state = this.bed.world.state();
    this.checks.equal(what, text(closed), text(state.closed));
    return state.moves.at(-1)?.ms ?? null;
  }
}
