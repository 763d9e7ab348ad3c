//! `cargo xtask bench`: this machine's figures, each result checked before it is timed. Records go to
//! `tests/benches/record/` by hand, with the date and what the machine was doing.

use std::process::Command;

use crate::process::{cargo, root, run};

/// The command's own bench, the peers in Rust, and the WebAssembly one where it is built.
pub fn chore() -> Result<(), String> {
    run(&mut cargo(&["run", "--release", "--package", "earprint", "--", "bench"]))?;
    for program in ["bench-mel-spec", "fft"] {
        let mut c = cargo(&["run", "--release", "--manifest-path", "tests/benches/peers/mel-spec/Cargo.toml", "--bin"]);
        run(c.arg(program).env("CARGO_TARGET_DIR", root().join("target/peers")))?;
    }
    if root().join("web/dist/node.js").exists() {
        return run(Command::new("npm").args(["run", "--silent", "bench"]).current_dir(root().join("web")));
    }
    println!("WebAssembly: skipped, because it is not built; `cargo xtask browser` builds it");
    Ok(())
}
