//! Chores. `cargo xtask` lists them.

mod bench;
mod browser;
mod corpus;
mod decode_real;
mod fuzz;
mod goldens;
mod layers;
mod process;
mod setup;
mod size;
mod test;
mod wasm;

use std::process::ExitCode;

const HELP: &str = "cargo xtask CHORE

  test                                  everything CI runs; installs or asks for what it needs
  layers                                who may import whom
  wasm [VARIANT...]                     core, full, threads: the WebAssembly of the npm package, into web/pkg
  size                                  their size after brotli, against the gates
  browser                               the npm package in Node and Chromium against the native program
  bench                                 this machine's speed beside peers, results checked first
  goldens                               the outside goldens again, with the programs they come from
  fuzz --minutes N [--seed S] [...]     damaged sound files through decoders and analysis, or through --program PATH
  decode-real --packages | DIR...       real sound files beside FFmpeg and libvorbis
  corpus leak --files N --out DIR       N deterministic clips of 10 s at 4096 Hz, 16-bit WAV
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.split_first() {
        Some((&"test", _)) => test::chore(),
        Some((&"layers", _)) => layers::run(),
        Some((&"wasm", rest)) => wasm::chore(rest),
        Some((&"size", _)) => size::chore(),
        Some((&"browser", _)) => browser::chore(),
        Some((&"bench", _)) => bench::chore(),
        Some((&"goldens", _)) => goldens::chore(),
        Some((&"fuzz", rest)) => fuzz::chore(rest),
        Some((&"decode-real", rest)) => decode_real::chore(rest),
        Some((&"corpus", rest)) => corpus::run(rest),
        _ => Err(HELP.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
