//! Damaged sound files, made from a seed, through everything that reads them.
//!
//! Case `K` of seed `S` is the same bytes on every machine: [`Seeds::case`] takes a file of the decoder goldens and
//! damages it. [`Checker::run`] decodes and describes it as `earprint analyze` does and tells what must never happen:
//! panic text, an endless loop, memory beyond the budget, neither samples nor an error.

mod check;
mod memory;
mod mutate;
mod random;
mod seeds;
mod steps;

pub use check::{Checker, Report};
pub use random::Random;
pub use seeds::{Case, Seeds};
