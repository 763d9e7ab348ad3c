//! `cargo xtask test`: what CI runs.

use crate::layers;
use crate::process::{cargo, run};

/// All of it, cheapest first.
pub fn chore() -> Result<(), String> {
    layers::run()?;
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    run(&mut cargo(&["test", "--workspace"]))
}
