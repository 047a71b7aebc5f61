// Collects what a script checks: each with the emulated instant, what was expected and was seen.
export class Checks {
  // `now()`: emulated ms. `tell(check)` is called with each check as it is made.
  constructor(now, tell) {
    this.now = now;
    this.tell = tell;
    this.all = [];
  }

  check(what, expected, seen, passed) {
    const check = { at_ms: this.now(), what, expected, seen: String(seen), passed: !!passed };
    this.all.push(check);
    this.tell(check);
  }

  equal(what, expected, seen) {
    this.check(what, String(expected), seen, String(expected) === String(seen));
  }

  // `seen` in `unit`, from `low` (left out of the text when it is 0) to `high`.
  within(what, low, high, seen, unit, places = 3) {
    const number = (value) => value.toFixed(places);
    const range = low ? `${number(low)} to ${number(high)}` : `at most ${number(high)}`;
    const passed = seen !== null && seen >= low && seen <= high;
    this.check(what, `${range} ${unit}`, seen === null ? "nothing" : `${number(seen)} ${unit}`, passed);
  }

  get failed() {
    return this.all.filter((check) => !check.passed).length;
  }
}
