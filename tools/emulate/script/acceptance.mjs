// The acceptance scenario: the life of a meter from blank board to recovery after power cuts.
// Every wait is in emulated time, so that a run repeats itself exactly.
import { LineError } from "./line.mjs";

const VOLTS = 230;
const WATTS = 9200;
const UNIT_PLACES = 5;
const UNITS = 10 ** UNIT_PLACES;
const OPENING = "0.03000";
const WARNING_UNITS = 2000;
const TOP_UP = "5.00000";
const QUIET_MS = 30_000;
const PIECE_BYTES = 256;
const WH_LOST_MAX = 100;
const REGISTER_WH = 1; // a register shows whole Wh
const OFF_MS = 3000;
const HOLD_UP_MS = 200;
const SESSION_MS = 12_000;
const WATCHDOG_MS = 8000;
const START_MAX_MS = 2000;
const COMPUTING_MAX_MS = 5;
const HEAP_FREE_MIN_PERCENT = 30;
const LARGEST_FREE_MIN_BYTES = 16384; // a tariff document of full size
const HEAP_BLOCK_BYTES = 16;
// A count of the metering IC is a tenth of a pulse at 3200 imp/kWh.
const COUNTS_PER_WH = 32;

export class Acceptance {
  // `tariff`: a tariff document's text, with `price` a kWh in force as `time` begins.
  constructor(bed, checks, { tariff, price, time }) {
    Object.assign(this, { bed, checks, tariff, price, time });
    this.line = bed.line;
    this.repl = bed.repl;
    this.figures = {};
    this.tid = 7000;
    this.credited = 0;
    this.cuts = [];
  }

  get nowMs() {
    return this.bed.pico.milliseconds;
  }

  run(cuts) {
    this.coldStart();
    this.provision();
    this.firstCredit();
    this.warningAndCutOff();
    this.restoration();
    this.steadyState();
    this.session();
    this.reset();
    this.mainsLost();
    cuts.forEach((cut) => this.cutInCommit(cut));
    this.watchdog();
    this.wholeLife();
  }

  coldStart() {
    this.bed.world.setLoad(VOLTS, WATTS);
    this.bed.powerOn();
    this.line.expect("> ", 10_000);
    this.checks.check("cold start, blank", "not provisioned", this.#firstLine(),
      this.line.text.includes("not provisioned"));
    this.figures.start_blank_ms = this.#firstTick("start to first tick, blank");
  }

  provision() {
    this.repl.enter();
    const { firmware, profile, provisioned } = this.repl.call({ do: "identity" });
    const banner = this.repl.exec("import sys\nprint(sys.version, 'on', sys.implementation[2])");
    Object.assign(this.figures, { banner: banner.trim(), firmware, profile });
    this.checks.equal("identity by raw REPL", "development false", `${profile} ${provisioned}`);
    const document = Buffer.from(this.tariff);
    let size = 0;
    for (let at = 0; at < document.length; at += PIECE_BYTES) {
      const hex = document.subarray(at, at + PIECE_BYTES).toString("hex");
      ({ size } = this.repl.call({ do: "upload", at, hex }));
    }
    this.checks.equal("tariff uploaded", `${document.length} bytes`, `${size} bytes`);
    const identity = this.repl.call({
      do: "provision", meter_id: "10000000017", time: this.time, unit_places: UNIT_PLACES,
      settings: { warnings: [WARNING_UNITS] },
    }, 20_000);
    this.checks.equal("provisioned", "true 10000000017",
      `${identity.provisioned} ${identity.meter_id}`);
    this.repl.leave();
    this.#awaitContact("no credit: contact opens", false, 5000);
    this.#checkPulse("opening pulse by PIO", false);
  }

  firstCredit() {
    this.opened = this.#settled();
    const began = this.nowMs;
    this.#credit(OPENING);
    this.#awaitContact("credit: contact closes", true, 5000);
    this.figures.credit_to_contact_ms = this.nowMs - began;
    this.#checkPulse("closing pulse by PIO", true);
  }

  warningAndCutOff() {
    const seconds = (this.credited - WARNING_UNITS) / this.#unitsPerSecond;
    this.line.wait(1000 * seconds + 2000);
    this.checks.check("warning", "low_credit", this.#eventNames(), this.#has("low_credit"));
    this.#awaitContact("cut-off: contact opens", false,
      (1000 * this.credited) / this.#unitsPerSecond);
    this.line.wait(1500);
    this.checks.check("event", "credit_exhausted", this.#eventNames(),
      this.#has("credit_exhausted"));
    const after = this.#settled();
    const drawn = after.drawnWh - this.opened.drawnWh;
    this.checks.within("energy: register against power x time", 0, REGISTER_WH,
      Math.abs(after.wh - this.opened.wh - drawn), "Wh");
    const cost = (after.countedWh - this.opened.countedWh) * this.#unitsPerWh;
    const charged = this.opened.units + this.credited - after.units;
    this.checks.within("money: charged against energy x price", 0, 2, Math.abs(charged - cost),
      "units", 1);
    // A tick, the commit of the switch's intent, and the contact.
    this.checks.within("overrun of the balance", 0, 1.3 * this.#unitsPerSecond, -after.units,
      "units", 0);
  }

  restoration() {
    const began = this.nowMs;
    this.#credit(TOP_UP);
    this.#awaitContact("credit by console: contact closes", true, 5000);
    this.figures.restoration_ms = this.nowMs - began;
    this.checks.within("credit typed to contact closed", 0, 2000, this.figures.restoration_ms,
      "ms", 0);
  }

  steadyState() {
    this.line.wait(5000);
    const from = this.nowMs;
    this.line.wait(QUIET_MS);
    const { stopwatch } = this.bed;
    const steady = stopwatch.steady(from, this.nowMs);
    Object.assign(this.figures, { steady });
    this.checks.within("steady ticks in 30 s", 29, 31, steady.ticks, "ticks", 0);
    this.checks.within("tick, computing, longest", 0, COMPUTING_MAX_MS,
      steady.computing_longest_ms, "ms");
    this.figures.tick_gap_ms = stopwatch.longestGap(from, this.nowMs);
    this.checks.within("longest time between ticks", 0, 1100, this.figures.tick_gap_ms, "ms", 1);
    const status = this.#status();
    const percent = (100 * status.heap_free) / (status.heap_free + status.heap_used);
    Object.assign(this.figures, {
      heap_free: status.heap_free,
      heap_used: status.heap_used,
      step_ms: status.tick_us.last / 1000,
      step_computing_ms: status.tick_us.last / 1000 - steady.spi_ms,
    });
    this.checks.within("heap free", HEAP_FREE_MIN_PERCENT, 100, percent, "%", 1);
    this.figures.largest_free = this.#largestFree();
    this.checks.check("largest piece of it", `${LARGEST_FREE_MIN_BYTES} bytes or more`,
      `${this.figures.largest_free} bytes`, this.figures.largest_free >= LARGEST_FREE_MIN_BYTES);
    this.#measurePurchase(status.commits);
  }

  #measurePurchase(commits) {
    const before = this.bed.pico.flashOperations;
    this.#credit("0.10000");
    this.line.wait(2500);
    const after = this.bed.pico.flashOperations;
    const programs = after.programs - before.programs;
    const erases = after.erases - before.erases;
    this.figures.purchase = { programs, erases, commits: this.#status().commits - commits };
    // Journal and ledger before the answer; then the purchase log and its event.
    this.checks.check("flash operations of a purchase", "1 to 70",
      `${programs} programs, ${erases} erases`, programs > 0 && programs + erases <= 70);
  }

  session() {
    this.repl.enter();
    const from = this.nowMs;
    const { pico } = this.bed;
    const { resets } = pico;
    let exchanges = 0;
    while (this.nowMs < from + SESSION_MS) {
      if (this.repl.exec("print(6 * 7)") !== "42\r\n") throw new LineError("6 * 7: is not 42");
      this.repl.call({ do: "registers" });
      exchanges += 1;
      this.line.wait(500);
    }
    this.repl.exec("import time\ntime.sleep(3)");
    this.repl.leave();
    const gap = this.bed.stopwatch.longestGap(from, from + SESSION_MS);
    this.figures.session = { seconds: (this.nowMs - from) / 1000, exchanges, tick_gap_ms: gap };
    this.checks.equal("raw REPL for 12 s", "watchdog armed, 0 resets",
      `watchdog ${pico.watchdogArmed ? "armed" : "off"}, ${pico.resets - resets} resets`);
    this.checks.within("longest time between ticks meanwhile", 0, 1500, gap, "ms", 1);
  }

  reset() {
    const before = this.#settled();
    this.#request({ do: "reset" });
    const { resets } = this.bed.pico;
    this.line.until(() => this.bed.pico.resets > resets, "machine reset", 10_000);
    this.figures.start_ms = this.#afterStart("machine reset", before, REGISTER_WH).startMs;
  }

  // Mains goes with a warning: the meter commits and then loses its supply.
  mainsLost() {
    const before = this.#settled();
    const operations = this.bed.pico.flashOperations;
    this.bed.setMains(false);
    this.line.wait(HOLD_UP_MS);
    const after = this.bed.pico.flashOperations;
    const programs = after.programs - operations.programs;
    this.figures.commit = { programs, erases: after.erases - operations.erases };
    this.checks.check(`mains fails: committed within ${HOLD_UP_MS} ms`, "1 program or more",
      `${programs} programs`, programs > 0);
    this.line.wait(1000);
    this.#cycle();
    this.#afterStart("mains back", before, REGISTER_WH);
  }

  // Power goes at the `operation`-th flash operation of a purchase, without any warning.
  cutInCommit({ operation, torn }) {
    const before = this.#settled();
    const text = `cut at flash operation ${operation}, ${torn ? "torn" : "whole"}`;
    this.bed.pico.flash.cutAt(operation, torn);
    this.tid += 1;
    this.line.send(`credit ${this.tid} 1.00000\r`);
    const powered = this.line.wait(5000);
    const receipted = /accepted/i.test(this.line.text.slice(this.line.mark));
    this.bed.pico.flash.cutAt(0, false);
    if (powered) this.bed.setMains(false);
    this.#cycle();
    const credits = receipted ? [UNITS] : [0, UNITS];
    const after = this.#afterStart(text, before, WH_LOST_MAX, credits);
    this.credited = after.credits;
    this.cuts.push({ operation, torn, done: !powered, credited: after.credits > before.credits });
  }

  // Code that never ends is no way to hold the meter up.
  watchdog() {
    const before = this.#settled();
    const { resets } = this.bed.pico;
    this.repl.enter();
    const from = this.nowMs;
    this.repl.begin("while True: pass");
    this.line.until(() => this.bed.pico.resets > resets, "watchdog", WATCHDOG_MS + 1500);
    this.figures.watchdog_ms = this.nowMs - from;
    this.checks.within("endless code: watchdog resets", 1000, WATCHDOG_MS + 1000,
      this.figures.watchdog_ms, "ms", 0);
    this.#afterStart("watchdog reset", before, WH_LOST_MAX);
  }

  wholeLife() {
    const world = this.bed.world.state();
    const settled = this.#settled();
    this.figures.lost_Wh = settled.countedWh - settled.wh;
    this.figures.delivered_Wh = settled.countedWh;
    this.checks.equal("coils: short, both, overheated", "0 0 0",
      `${world.short_pulses} ${world.both_coils} ${world.overheated}`);
    this.checks.equal("faults on the bus of the metering IC", "none",
      [...this.bed.faults].join(", ") || "none");
    this.checks.check("purchases cut", "some lost, some kept",
      `${this.cuts.filter((cut) => cut.credited).length} of ${this.cuts.length} kept`,
      this.cuts.some((cut) => cut.credited) && this.cuts.some((cut) => !cut.credited));
    this.figures.cuts = this.cuts;
    this.figures.flash = this.bed.pico.flashOperations;
    this.figures.commits = settled.commits;
  }

  get #unitsPerWh() {
    return (this.price * UNITS) / 1000;
  }

  get #unitsPerSecond() {
    return (this.#unitsPerWh * WATTS) / 3600;
  }

  // Bytes of the largest free piece of the heap: what a fragmented heap still can give.
  #largestFree() {
    const { line } = this;
    this.repl.enter();
    this.repl.exec("import gc, micropython\ngc.collect()\nmicropython.mem_info()");
    this.repl.leave();
    line.wait(500);
    const found = [...line.text.matchAll(/max free sz: (\d+)/g)].at(-1);
    return found ? Number(found[1]) * HEAP_BLOCK_BYTES : 0;
  }

  #firstLine() {
    return this.line.text.split("\r\n").find((text) => text.trim()) ?? "";
  }

  #firstTick(what) {
    const start = this.bed.starts.at(-1);
    const found = () => this.bed.stopwatch.firstAfter(start);
    this.line.wait(START_MAX_MS * 2, () => found() !== null);
    const ms = found() === null ? null : found() - start;
    this.checks.within(what, 0, START_MAX_MS, ms, "ms", 0);
    return ms;
  }

  #request(request) {
    this.repl.enter();
    const answer = this.repl.call(request, 20_000);
    this.repl.leave();
    return answer;
  }

  #status() {
    return this.#request({ do: "status" });
  }

  // Type a credit as a technician does.
  #credit(amount) {
    this.tid += 1;
    this.line.send(`credit ${this.tid} ${amount}\r`);
    this.line.expect("accepted", 5000);
    this.credited += Math.round(Number(amount) * UNITS);
  }

  #awaitContact(what, closed, ms) {
    const text = (value) => (value ? "closed" : "open");
    this.line.wait(ms, () => this.bed.world.state().closed === closed);
    this.checks.equal(what, text(closed), text(this.bed.world.state().closed));
  }

  // The coil must have been let go by now; the pulse is of the length asked for.
  #checkPulse(what, closing) {
    this.line.wait(300);
    const pulse = this.bed.coils.at(-1);
    const ms = pulse?.closing === closing ? pulse.ms : null;
    this.checks.within(what, 99.9, 100.1, ms, "ms");
  }

  // Balance, credits and register of the meter as a tick has left them, and what the world has
  // seen until then.
  #settled() {
    this.repl.enter();
    const { ticks } = this.bed.stopwatch;
    const count = ticks.length;
    this.line.until(() => ticks.length > count, "a tick", 3000);
    const world = this.bed.world.state();
    const balance = this.repl.call({ do: "balance" });
    const registers = this.repl.call({ do: "registers" });
    this.repl.leave();
    return {
      units: Math.round(Number(balance.balance) * UNITS),
      credits: Math.round(Number(balance.credits) * UNITS),
      audit: balance.audit,
      wh: Number(registers.import_kWh) * 1000,
      countedWh: world.counts / COUNTS_PER_WH,
      drawnWh: world.drawn_mJ / 3.6e6,
      closed: world.closed,
    };
  }

  #events() {
    return this.#request({ do: "events" }).events.map(([, , name]) => name);
  }

  #eventNames() {
    return this.#events().slice(-4).join(" ");
  }

  #has(name) {
    return this.#events().includes(name);
  }

  // Mains and supply go, and come back after some seconds.
  #cycle() {
    this.bed.powerOff();
    this.bed.world.setMains(false);
    this.bed.stayOff(OFF_MS);
    this.bed.world.setMains(true);
    this.bed.powerOn();
  }

  // After a start: nothing lost but at most `whMax`, `more` units of credit may have come.
  #afterStart(what, before, whMax, more = [0]) {
    const start = this.#firstTick(`${what}: start to first tick`);
    this.line.wait(1500);
    const after = this.#settled();
    const credits = more.map((units) => before.credits + units);
    this.checks.check(`${what}: credits`, credits.join(" or "), after.credits,
      credits.includes(after.credits));
    this.checks.equal(`${what}: audit`, "agrees", after.audit || "agrees");
    const delivered = after.countedWh - before.countedWh;
    const lost = delivered - (after.wh - before.wh);
    this.checks.within(`${what}: energy lost`, -REGISTER_WH, whMax, lost, "Wh");
    const charged = before.units + after.credits - before.credits - after.units;
    const due = (after.wh - before.wh) * this.#unitsPerWh;
    this.checks.within(`${what}: charged as registered`, 0, this.#unitsPerWh + 1,
      Math.abs(charged - due), "units", 0);
    return Object.assign(after, { startMs: start });
  }
}
