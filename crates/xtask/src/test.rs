//! `cargo xtask test`: what CI runs.

use std::time::Instant;

use crate::process::{cargo, run};
use crate::{browser, layers, setup, size, wasm};

/// All of it, cheapest first. Prints what each step took.
pub fn chore() -> Result<(), String> {
    let mut took = Vec::new();
    let mut step = |name: &'static str, work: &dyn Fn() -> Result<(), String>| {
        let started = Instant::now();
        let done = work();
        took.push((name, started.elapsed().as_secs_f64()));
        done
    };
    let all = (|| {
        step("set-up", &setup::all)?;
        step("layers", &layers::run)?;
        step("fmt", &|| run(&mut cargo(&["fmt", "--check"])))?;
        step("clippy", &|| run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])))?;
        step("tests", &tests)?;
        step("other targets", &other_targets)?;
        step("wasm", &|| wasm::chore(&[]))?;
        step("sizes", &size::chore)?;
        step("browser", &browser::chore)
    })();
    for (name, seconds) in &took {
        eprintln!("{name:<14} {seconds:>6.0} s");
    }
    all
}

/// Every test of the workspace, with the translated kernels emulated and compiled.
fn tests() -> Result<(), String> {
    let mut c = cargo(&["test", "--workspace", "--no-fail-fast", "--features", "earprint-cuda/emulate"]);
    if let Some(library) = setup::nvrtc_library() {
        c.env("EARPRINT_NVRTC_LIB", library);
    }
    run(&mut c)
}

/// The command and everything below it, for systems this machine is not.
fn other_targets() -> Result<(), String> {
    for target in setup::TARGETS {
        let mut c = cargo(&["check", "--package", "earprint", "--target", target]);
        // SQLite is C, and there is no C compiler for those systems here. Checking Rust needs none: its build script is told
        // that the library is there already, which only linking would find out to be untrue.
        c.env("LIBSQLITE3_SYS_USE_PKG_CONFIG", "1").env("SQLITE3_LIB_DIR", "none").env("SQLITE3_INCLUDE_DIR", "none");
        run(&mut c)?;
    }
    Ok(())
}
