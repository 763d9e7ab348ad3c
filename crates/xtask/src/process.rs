//! Running programs.

use std::process::Command;

/// Runs a program to its end; its output goes where ours goes.
///
/// # Errors
/// That it could not be started, or its exit code, with the command as it was typed.
pub fn run(command: &mut Command) -> Result<(), String> {
    let typed = typed(command);
    eprintln!("$ {typed}");
    match command.status() {
        Ok(s) if s.success() => Ok(()),
        Ok(s) => Err(format!("`{typed}` ended with {s}")),
        Err(e) => Err(format!("`{typed}` could not be started: {e}")),
    }
}

/// The command line of a command.
fn typed(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|a| a.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Cargo, at the root of the workspace.
pub fn cargo(args: &[&str]) -> Command {
    let mut c = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    c.args(args).current_dir(root());
    c
}

/// Root of the workspace.
pub fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}
