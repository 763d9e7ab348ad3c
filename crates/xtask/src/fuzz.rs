//! `cargo xtask fuzz`: damaged sound files for as long as asked for.

use crate::process::{cargo, run};

/// `--minutes N` or `--inputs N`, and the other options of `tests/fuzz/src/main.rs`.
pub fn chore(args: &[&str]) -> Result<(), String> {
    if args.is_empty() {
        return Err("usage: cargo xtask fuzz --minutes N | --inputs N [--seed S] [--jobs J] [--save DIR] \
                    [--program PATH] [--case K]"
            .into());
    }
    run(cargo(&["run", "--quiet", "--release", "--package", "earprint-fuzz", "--"]).args(args))
}
