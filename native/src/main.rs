//! The `earprint` command: stdout is data, stderr is words, exit codes are for scripts.
//!
//! Exit codes: 0 all done · 1 fatal · 2 usage · 3 finished, some inputs failed · 130 interrupted, state saved.

mod args;
mod commands;
mod device;
mod progress;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let done = match args.command {
        args::Command::Mel(a) => commands::mel::run(&a),
    };
    match done {
        Ok(code) => code,
        Err(e) => {
            eprintln!("earprint: {e:#}");
            ExitCode::from(1)
        }
    }
}
