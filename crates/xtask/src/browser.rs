//! `cargo xtask browser`: the npm package in Node and in a real Chromium, held against the native program bit by bit, its tracks
//! number by number.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{cargo, root, run};

/// Builds what changed, then runs Node's tests and the browser's.
pub fn chore() -> Result<(), String> {
    let web = root().join("web");
    crate::wasm::chore(&[])?;
    if !installed(&web) {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&web))?;
    }
    run(Command::new("npm").args(["run", "--silent", "build"]).current_dir(&web))?;
    run(Command::new("npm").args(["run", "--silent", "page"]).current_dir(&web))?;
    let vectors = web.join("dist/vectors");
    run(cargo(&["run", "--release", "-p", "earprint-tests", "--example", "vectors", "--"]).arg(&vectors))?;
    run(&mut cargo(&["build", "--release", "-p", "earprint"]))?;
    run(Command::new("node").arg("test/records.mjs").arg(native()).current_dir(&web))?;
    run(Command::new("node").arg("test/collections.mjs").arg(native()).current_dir(&web))?;
    run(Command::new("node").arg("test/decode-goldens.mjs").arg(native()).current_dir(&web))?;
    let collections = web.join("dist/collections");
    run(cargo(&["run", "--release", "-p", "earprint-tests", "--example", "collections", "--"]).arg(&collections))?;
    run(Command::new("npm").args(["run", "--silent", "test"]).current_dir(&web))?;
    let Some(chromium) = chromium() else {
        println!("browser: skipped, because chromium is not installed: apt-get install chromium");
        return Ok(());
    };
    run(Command::new("node").arg("test/browser.mjs").arg(chromium).current_dir(&web))
}

/// Whether npm installed the packages after the list of them last changed.
fn installed(web: &Path) -> bool {
    let changed = |file: &str| std::fs::metadata(web.join(file)).and_then(|about| about.modified()).ok();
    let done = changed("node_modules/.package-lock.json");
    done.is_some() && done >= changed("package-lock.json")
}

/// The command, just built.
fn native() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("release").join(format!("earprint{}", std::env::consts::EXE_SUFFIX))
}

/// Chromium in PATH; installed by apt-get where that is possible.
fn chromium() -> Option<PathBuf> {
    let find = || {
        let path = std::env::var_os("PATH")?;
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let each = |folder: PathBuf| names.map(|name| folder.join(name)).into_iter().find(|p| p.is_file());
        std::env::split_paths(&path).find_map(each)
    };
    find().or_else(|| {
        let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"));
        if !root || !Path::new("/usr/bin/apt-get").exists() {
            return None;
        }
        run(Command::new("apt-get").args(["install", "-y", "chromium"])).ok()?;
        find()
    })
}
