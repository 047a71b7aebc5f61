// Chooses at which flash operations of a purchase the power goes, by a seed.
//
// A purchase takes some 17 operations: journal, ledger, registers. One out of every two of them
// is cut, so that every run has cuts before, in and after the commit.
const CUTS = 8;
const STRIDE = 2;

// A linear congruential generator (Knuth, TAOCP 2, 3.3.4, table 1, line 26: a = 1664525).
function* randoms(seed) {
  let state = seed >>> 0;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

// Return { operation, torn } for each cut, in rising order.
export function chooseCuts(seed) {
  const random = randoms(seed);
  return Array.from({ length: CUTS }, (_, i) => ({
    operation: 1 + i * STRIDE + Math.floor(random.next().value * STRIDE),
    torn: random.next().value < 0.5,
  }));
}
