//! What the tests need on a fresh machine: installed where that is possible, asked for where it is not.
//!
//! Nothing here is needed to build or to use earprint. A part that stays missing is skipped by the tests that need it,
//! with the reason; the toolchain parts are not optional.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::{root, run};

/// Rust targets every run checks, besides the host's.
pub const TARGETS: [&str; 3] = ["aarch64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin"];

/// Folder of NVRTC's environment, below the build folder: kept between runs, gone with `cargo clean`.
fn nvrtc_folder() -> PathBuf {
    root().join("target/nvrtc")
}

/// Everything.
///
/// # Errors
/// What is missing and how to install it.
pub fn all() -> Result<(), String> {
    for target in TARGETS.iter().chain(&["wasm32-unknown-unknown"]) {
        let how = format!("rustup target add {target}");
        rustup("target", &["list", "--installed"], target, &["target", "add", target], &how)?;
    }
    for component in ["rust-src", "clippy", "rustfmt"] {
        let how = format!("rustup component add {component}");
        rustup("component", &["list", "--installed"], component, &["component", "add", component], &how)?;
    }
    debian("chromium", Path::new("/usr/bin/chromium").exists() || found("google-chrome"), "browser tests");
    let lavapipe = Path::new("/usr/share/vulkan/icd.d");
    let has_lavapipe = lavapipe
        .read_dir()
        .is_ok_and(|mut d| d.any(|e| e.is_ok_and(|e| e.file_name().to_string_lossy().starts_with("lvp_icd"))));
    debian("mesa-vulkan-drivers", has_lavapipe, "Vulkan tests without a card");
    debian("g++", found("g++"), "tests of the CUDA translation on the CPU");
    nvrtc();
    Ok(())
}

/// The library NVRTC's tests use, once [`all`] has run.
pub fn nvrtc_library() -> Option<PathBuf> {
    let lib = nvrtc_folder().join("lib");
    let mut todo = vec![lib];
    while let Some(folder) = todo.pop() {
        for e in folder.read_dir().ok()?.flatten() {
            let path = e.path();
            let name = e.file_name().to_string_lossy().into_owned();
            // Not the alternative build, not the built-ins.
            if name.starts_with("libnvrtc.so") && !name.contains("alt") {
                return Some(path);
            }
            if path.is_dir() && !path.is_symlink() {
                todo.push(path);
            }
        }
    }
    None
}

fn rustup(kind: &str, list: &[&str], name: &str, add: &[&str], how: &str) -> Result<(), String> {
    let mut words = vec![kind];
    words.extend(list);
    let installed = Command::new("rustup").args(&words).current_dir(root()).output();
    match installed {
        Ok(o)
            if String::from_utf8_lossy(&o.stdout).lines().any(|l| l == name || l.starts_with(&format!("{name}-"))) =>
        {
            Ok(())
        }
        Ok(_) => run(Command::new("rustup").args(add).current_dir(root())).map_err(|e| format!("{e}; run `{how}`")),
        Err(e) => Err(format!("rustup could not be started ({e}); the tests need it for `{how}`")),
    }
}

/// Installs a Debian package when that is possible without asking; says what would do it otherwise.
fn debian(package: &str, there: bool, what_for: &str) {
    if there {
        return;
    }
    let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    if root && found("apt-get") {
        let quiet = |args: &[&str]| {
            let mut c = Command::new("apt-get");
            c.args(args).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
            run(&mut c)
        };
        let done = quiet(&["install", "-y", package])
            .or_else(|_| quiet(&["update"]).and_then(|()| quiet(&["install", "-y", package])));
        if done.is_ok() {
            return;
        }
    }
    eprintln!("missing: {package} ({what_for}); install it with `apt-get install {package}` or your system's way");
}

/// NVRTC from its Python package: compiles the CUDA kernels, needs no card.
fn nvrtc() {
    if nvrtc_library().is_some() || std::env::var_os("EARPRINT_NVRTC_LIB").is_some() {
        return;
    }
    let folder = nvrtc_folder();
    let done = run(Command::new("python3").args(["-m", "venv"]).arg(&folder)).and_then(|()| {
        run(Command::new(folder.join("bin/python")).args(["-m", "pip", "install", "-q", "nvidia-cuda-nvrtc"]))
    });
    if let Err(e) = done {
        eprintln!("missing: NVRTC ({e}); `pip install nvidia-cuda-nvrtc` and EARPRINT_NVRTC_LIB let its tests run");
    }
}

fn found(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|p| p.join(program).exists())
}
