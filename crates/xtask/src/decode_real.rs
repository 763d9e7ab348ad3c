//! `cargo xtask decode-real`: real files beside FFmpeg and libvorbis.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{cargo, root, run};

/// Folders of sound, or the Debian packages of `tests/golden/outside/decode/packages.txt`, fetched once below the build
/// folder. Needs `ffmpeg` and libvorbis; the packages need `apt-get` and `dpkg`, and about 700 MB.
pub fn chore(args: &[&str]) -> Result<(), String> {
    let scripts = root().join("tests/golden/outside/decode");
    let mut options = Vec::new();
    let mut folders: Vec<PathBuf> = Vec::new();
    let mut args = args.iter();
    while let Some(&arg) = args.next() {
        match arg {
            "--packages" => folders.extend(packages(&scripts)?),
            "--no-loudness" => options.push(arg),
            "--limit" => options.extend([arg, args.next().ok_or("--limit: a number was expected")?]),
            folder => folders.push(folder.into()),
        }
    }
    if folders.is_empty() {
        return Err("usage: cargo xtask decode-real [--limit N] [--no-loudness] --packages | DIR...".into());
    }
    run(&mut cargo(&["build", "--release", "--package", "earprint-audio", "--example", "decode_raw"]))?;
    let environment = root().join("target/decode-real");
    let python = environment.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        run(Command::new(&python).args(["-m", "pip", "install", "-q", "-r"]).arg(scripts.join("requirements.txt")))?;
    }
    let decoder = root().join("target/release/examples/decode_raw");
    run(Command::new(&python).arg(scripts.join("real.py")).args(options).arg(decoder).args(folders))
}

/// Fetches and unpacks what is not there yet; the folders of all packages.
fn packages(scripts: &Path) -> Result<Vec<PathBuf>, String> {
    let list = scripts.join("packages.txt");
    let names = std::fs::read_to_string(&list).map_err(|e| format!("{}: {e}", list.display()))?;
    let below = root().join("target/decode-real-packages");
    let mut folders = Vec::new();
    for name in names.lines() {
        let folder = below.join(name);
        if !folder.exists() {
            let fetched = below.join(format!("{name}.deb"));
            std::fs::create_dir_all(&fetched).map_err(|e| format!("{}: {e}", fetched.display()))?;
            run(Command::new("apt-get").args(["download", "-q", name]).current_dir(&fetched))?;
            for entry in std::fs::read_dir(&fetched).map_err(|e| e.to_string())? {
                run(Command::new("dpkg").arg("-x").arg(entry.map_err(|e| e.to_string())?.path()).arg(&folder))?;
            }
            std::fs::remove_dir_all(&fetched).map_err(|e| e.to_string())?;
        }
        folders.push(folder);
    }
    Ok(folders)
}
