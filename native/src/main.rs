//! The `earprint` command: stdout is data, stderr is words, exit codes are for scripts.
//!
//! Exit codes: 0 all done · 1 fatal · 2 usage · 3 finished, some inputs failed · 130 interrupted, state saved.

mod args;
mod commands;
mod device;
mod fate;
mod inputs;
mod job;
mod out;
mod panics;
mod progress;
mod render;
mod supervise;

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // Without a desktop, Mesa's device chooser complains on stderr each time devices are listed; it is not needed.
        // SAFETY: no other thread has been started yet.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
    panics::stay_silent_where_contained();
    let args = match args::settings::args() {
        Ok(args) => args,
        Err(e) => {
            eprintln!("earprint: {e}");
            return ExitCode::from(2);
        }
    };
    let done = match args.command {
        args::Command::Analyze(a) => commands::analyze::run(&a).map(|ended| ended.code),
        args::Command::Watch(a) => commands::analyze::watch::run(&a).map(|ended| ended.code),
        args::Command::List(a) => commands::list::run(&a),
        args::Command::Similar(a) => commands::similar::run(&a),
        args::Command::Export(a) => commands::export::run(&a),
        args::Command::Cluster(a) => commands::cluster::run(&a),
        args::Command::Order(a) => commands::order::run(&a),
        args::Command::Report(a) => commands::report::run(&a),
        args::Command::Sections(a) => commands::sections::run(&a),
        args::Command::Stats(a) => commands::stats::run(&a),
        args::Command::Mel(a) => commands::mel::run(&a).map(|ended| ended.code),
        args::Command::Spec(a) => commands::spec::run(&a).map(|ended| ended.code),
        args::Command::Demo(a) => commands::demo::run(&a),
        args::Command::Verify(a) => commands::verify::run(&a),
        args::Command::Doctor => commands::doctor::run(),
        args::Command::Bench(a) => commands::bench::run(&a),
    };
    match done.and_then(|code| out::all_written().map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        // Who closed the pipe has seen enough, and knows it.
        Err(e) if out::closed(&e) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("earprint: {}", out::words(&e));
            let usage = e.is::<job::Usage>() || e.is::<earprint_core::SpecError>();
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}
