// Shared    sixteen neighbouring medians of 31 values, by minima and maxima alone
// twin      earprint-signal/src/track/hpss/median.rs::sixteen
// Order     none: a median is one of its values, whatever order finds it. Values are the bits of floats that are not
//           negative, which stand in the order of the floats: no driver flushes what is subnormal, and a minimum is one
//           instruction
// Needs     value_at(source, from, i) of the kernel: value i of 0 .. 46 of one line; medians, where the results go

// Values of a line: the 31 of the first window, and one more for each window after it.
const WINDOW: u32 = 31u;
const LINE: u32 = 46u;

// Up to sixteen values. Every index is a constant once the calls are inlined, so they live in registers.
alias Values = array<u32, 16>;

fn exchange(a: ptr<function, Values>, i: u32, j: u32) {
  let low = min((*a)[i], (*a)[j]);
  (*a)[j] = max((*a)[i], (*a)[j]);
  (*a)[i] = low;
}

// Sorts 2, 4, 8, 16 values from `at` on, ascending: Batcher's odd-even merge sort.
fn sort_2(a: ptr<function, Values>, at: u32) {
  exchange(a, at, at + 1u);
}

fn sort_4(a: ptr<function, Values>, at: u32) {
  sort_2(a, at);
  sort_2(a, at + 2u);
  exchange(a, at, at + 2u);
  exchange(a, at + 1u, at + 3u);
  exchange(a, at + 1u, at + 2u);
}

fn sort_8(a: ptr<function, Values>, at: u32) {
  sort_4(a, at);
  sort_4(a, at + 4u);
  exchange(a, at, at + 4u);
  exchange(a, at + 1u, at + 5u);
  exchange(a, at + 2u, at + 6u);
  exchange(a, at + 3u, at + 7u);
  exchange(a, at + 2u, at + 4u);
  exchange(a, at + 3u, at + 5u);
  exchange(a, at + 1u, at + 2u);
  exchange(a, at + 3u, at + 4u);
  exchange(a, at + 5u, at + 6u);
}

fn sort_16(a: ptr<function, Values>) {
  sort_8(a, 0u);
  sort_8(a, 8u);
  exchange(a, 0u, 8u);
  exchange(a, 1u, 9u);
  exchange(a, 2u, 10u);
  exchange(a, 3u, 11u);
  exchange(a, 4u, 12u);
  exchange(a, 5u, 13u);
  exchange(a, 6u, 14u);
  exchange(a, 7u, 15u);
  exchange(a, 4u, 8u);
  exchange(a, 5u, 9u);
  exchange(a, 6u, 10u);
  exchange(a, 7u, 11u);
  exchange(a, 2u, 4u);
  exchange(a, 3u, 5u);
  exchange(a, 6u, 8u);
  exchange(a, 7u, 9u);
  exchange(a, 10u, 12u);
  exchange(a, 11u, 13u);
  exchange(a, 1u, 2u);
  exchange(a, 3u, 4u);
  exchange(a, 5u, 6u);
  exchange(a, 7u, 8u);
  exchange(a, 9u, 10u);
  exchange(a, 11u, 12u);
  exchange(a, 13u, 14u);
}

// Sorts a bitonic sequence of 4 and of 8, ascending.
fn bitonic_4(a: ptr<function, Values>, at: u32) {
  exchange(a, at, at + 2u);
  exchange(a, at + 1u, at + 3u);
  exchange(a, at, at + 1u);
  exchange(a, at + 2u, at + 3u);
}

fn bitonic_8(a: ptr<function, Values>) {
  exchange(a, 0u, 4u);
  exchange(a, 1u, 5u);
  exchange(a, 2u, 6u);
  exchange(a, 3u, 7u);
  bitonic_4(a, 0u);
  bitonic_4(a, 4u);
}

// What a range of windows keeps (2 n values, sorted) and what only one half of it shares (n values in `own`, sorted):
// leaves value j of the middle n of these 3 n in `own`, in bitonic order.
fn keep(range: ptr<function, Values>, own: ptr<function, Values>, n: u32, j: u32) {
  (*own)[j] = max((*range)[n - 1u - j], min((*range)[2u * n - 1u - j], (*own)[j]));
}

// First of the values that only half `side` of the windows s .. s + 2 n shares: those before the shared ones, or those
// behind them.
fn first_of_half(s: u32, n: u32, side: u32) -> u32 {
  return select(s + WINDOW, s + n - 1u, side == 0u);
}

fn take_4(a: ptr<function, Values>, at: u32, source: u32, from_at: u32, first: u32) {
  (*a)[at] = value_at(source, from_at, first);
  (*a)[at + 1u] = value_at(source, from_at, first + 1u);
  (*a)[at + 2u] = value_at(source, from_at, first + 2u);
  (*a)[at + 3u] = value_at(source, from_at, first + 3u);
}

// Medians of the windows j .. j + 30 of a line, j = 0 .. 16: bits, to medians[to + j * apart].
fn sixteen(source: u32, from_at: u32, to: u32, apart: u32) {
  var all: Values;
  take_4(&all, 0u, source, from_at, 15u);
  take_4(&all, 4u, source, from_at, 19u);
  take_4(&all, 8u, source, from_at, 23u);
  take_4(&all, 12u, source, from_at, 27u);
  sort_16(&all);
  for (var side_8 = 0u; side_8 < 2u; side_8++) {
    let first_8 = first_of_half(0u, 8u, side_8);
    var eight: Values;
    take_4(&eight, 0u, source, from_at, first_8);
    take_4(&eight, 4u, source, from_at, first_8 + 4u);
    sort_8(&eight, 0u);
    keep(&all, &eight, 8u, 0u);
    keep(&all, &eight, 8u, 1u);
    keep(&all, &eight, 8u, 2u);
    keep(&all, &eight, 8u, 3u);
    keep(&all, &eight, 8u, 4u);
    keep(&all, &eight, 8u, 5u);
    keep(&all, &eight, 8u, 6u);
    keep(&all, &eight, 8u, 7u);
    bitonic_8(&eight);
    for (var side_4 = 0u; side_4 < 2u; side_4++) {
      let s = 8u * side_8;
      var four: Values;
      take_4(&four, 0u, source, from_at, first_of_half(s, 4u, side_4));
      sort_4(&four, 0u);
      keep(&eight, &four, 4u, 0u);
      keep(&eight, &four, 4u, 1u);
      keep(&eight, &four, 4u, 2u);
      keep(&eight, &four, 4u, 3u);
      bitonic_4(&four, 0u);
      for (var side_2 = 0u; side_2 < 2u; side_2++) {
        let s = 8u * side_8 + 4u * side_4;
        let first_2 = first_of_half(s, 2u, side_2);
        var two: Values;
        two[0] = value_at(source, from_at, first_2);
        two[1] = value_at(source, from_at, first_2 + 1u);
        sort_2(&two, 0u);
        keep(&four, &two, 2u, 0u);
        keep(&four, &two, 2u, 1u);
        sort_2(&two, 0u);
        for (var side_1 = 0u; side_1 < 2u; side_1++) {
          let s = 8u * side_8 + 4u * side_4 + 2u * side_2;
          let last = value_at(source, from_at, first_of_half(s, 1u, side_1));
          medians[to + (s + side_1) * apart] = max(two[0], min(two[1], last));
        }
      }
    }
  }
}
