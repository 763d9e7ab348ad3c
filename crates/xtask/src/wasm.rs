//! `cargo xtask wasm`: the WebAssembly variants of the npm package, into `web/pkg`.
//!
//! Two worlds: one thread on the toolchain's own standard library, and threads, which need a standard library built
//! with atomics. The stable compiler does that with RUSTC_BOOTSTRAP=1 for this one build.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{cargo, root, run};

/// One build.
pub struct Variant {
    /// Folder in `web/pkg`.
    pub name: &'static str,
    features: &'static str,
    threads: bool,
    /// Largest size after brotli, bytes.
    pub most_bytes: usize,
}

/// All of them. The gates stand in decisions/0010: within the 600 kB to a page's first result. Collections are loaded when they are first
/// asked for, `more` when the first file comes that the others do not read.
pub const VARIANTS: [Variant; 6] = [
    Variant { name: "core", features: "sound,webgpu", threads: false, most_bytes: 290_000 },
    Variant { name: "full", features: "sound,webgpu,codecs", threads: false, most_bytes: 500_000 },
    Variant { name: "threads", features: "sound,webgpu,codecs,threads", threads: true, most_bytes: 500_000 },
    Variant { name: "more", features: "sound,webgpu,more-codecs", threads: false, most_bytes: 700_000 },
    Variant { name: "collection", features: "collection,webgpu", threads: false, most_bytes: 290_000 },
    Variant { name: "collection-threads", features: "collection,webgpu,threads", threads: true, most_bytes: 290_000 },
];

const TARGET: &str = "wasm32-unknown-unknown";

/// What lld must be told for one memory shared by workers: 1 GiB, since a shared memory reserves its maximum.
const SHARED: [&str; 9] = [
    "-Ctarget-feature=+atomics,+bulk-memory",
    "-Clink-arg=--shared-memory",
    "-Clink-arg=--max-memory=1073741824",
    "-Clink-arg=--import-memory",
    "-Clink-arg=--export=__wasm_init_tls",
    "-Clink-arg=--export=__tls_size",
    "-Clink-arg=--export=__tls_align",
    "-Clink-arg=--export=__tls_base",
    "-Zlocation-detail=none",
];

/// `wasm [VARIANT…]`; all without names.
pub fn chore(args: &[&str]) -> Result<(), String> {
    let known = || VARIANTS.map(|v| v.name).join(", ");
    if let Some(unknown) = args.iter().find(|a| VARIANTS.iter().all(|v| v.name != **a)) {
        return Err(format!("variant {unknown} is unknown; expected some of {}", known()));
    }
    let sysroot = sysroot()?;
    let wanted: Vec<&Variant> = VARIANTS.iter().filter(|v| args.is_empty() || args.contains(&v.name)).collect();
    have(&sysroot.join("lib/rustlib").join(TARGET), &["target", "add", TARGET])?;
    if wanted.iter().any(|v| v.threads) {
        have(&library(&sysroot).join("Cargo.lock"), &["component", "add", "rust-src"])?;
    }
    have_bindgen()?;
    for variant in wanted {
        build(variant, &sysroot)?;
    }
    Ok(())
}

/// Where a variant's files lie.
pub fn package(variant: &Variant) -> PathBuf {
    root().join("web/pkg").join(variant.name)
}

fn build(variant: &Variant, sysroot: &Path) -> Result<(), String> {
    let base = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    // A folder of its own each: other flags would rebuild everything at every turn.
    let target = base.join(if variant.threads { "wasm-threads" } else { "wasm-single" });
    let mut flags: Vec<String> = remaps(sysroot);
    flags.push("-Ctarget-feature=+simd128".into());
    let mut command = cargo(&[
        "build",
        "-p",
        "earprint-web",
        "--target",
        TARGET,
        "--profile",
        "wasm",
        "--no-default-features",
        "--features",
    ]);
    command.arg(variant.features).env("CARGO_TARGET_DIR", &target);
    if variant.threads {
        flags.extend(SHARED.map(String::from));
        command.args(["-Z", "build-std=panic_abort,std"]).env("RUSTC_BOOTSTRAP", "1");
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")).env_remove("RUSTFLAGS");
    run(&mut command)?;
    let mut bindgen = Command::new("wasm-bindgen");
    bindgen.args(["--target", "no-modules", "--no-modules-global", "glue", "--omit-default-module-path"]);
    bindgen.args(["--remove-name-section", "--remove-producers-section", "--no-typescript"]);
    bindgen.args(["--out-name", "earprint", "--out-dir"]);
    run(bindgen.arg(package(variant)).arg(target.join(TARGET).join("wasm/earprint_web.wasm")))?;
    wrap_glue(&package(variant))
}

/// Makes a module of the generated glue whose default export is a function that makes the glue anew. The state of an
/// instance (its exports, its table of objects, what waits to be freed) then belongs to one call: after a trap all of
/// it is dropped, and the next call has none of it. The other targets keep that state in the module, which an engine
/// loads once and never unloads.
fn wrap_glue(folder: &Path) -> Result<(), String> {
    let (script, types) = (folder.join("earprint.js"), folder.join("earprint.d.ts"));
    let told = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    let text = std::fs::read_to_string(&script).map_err(|e| told(&script, e))?;
    std::fs::write(&script, module_of(&text)?).map_err(|e| told(&script, e))?;
    std::fs::write(&types, GLUE_TYPES).map_err(|e| told(&types, e))
}

/// What `web/ts/core.ts` declares in detail.
const GLUE_TYPES: &str = "declare const makeGlue: () => any;\nexport default makeGlue;\n";

fn module_of(glue: &str) -> Result<String, String> {
    // Its first statement; comments may come before.
    if !glue.contains("let glue = (function(exports) {") {
        return Err("wasm-bindgen wrote another form of glue; expected `let glue = (function(exports) {`".into());
    }
    Ok(format!("export default function makeGlue() {{\n{glue}\nreturn {{ init: glue, ...glue }};\n}}\n"))
}

/// Panic messages name source files; what is shipped must not tell where it was built.
fn remaps(sysroot: &Path) -> Vec<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let registries = home.and_then(|h| std::fs::read_dir(h.join("registry/src")).ok());
    let mut out: Vec<String> = registries
        .into_iter()
        .flatten()
        .filter_map(|folder| Some(format!("--remap-path-prefix={}=crates", folder.ok()?.path().display())))
        .collect();
    out.push(format!("--remap-path-prefix={}=earprint", root().display()));
    out.push(format!("--remap-path-prefix={}=std", library(sysroot).display()));
    out
}

fn library(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib/src/rust/library")
}

fn sysroot() -> Result<PathBuf, String> {
    let out = Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()).output();
    let out = out.map_err(|e| format!("`rustc` could not be started: {e}"))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&out.stdout).trim()))
}

/// Asks rustup for what is missing.
fn have(path: &Path, rustup: &[&str]) -> Result<(), String> {
    if path.exists() {
        return Ok(());
    }
    run(Command::new("rustup").args(rustup).current_dir(root())).map_err(|e| {
        format!("{e}; the toolchain lacks {}: install it by `rustup {}`", path.display(), rustup.join(" "))
    })
}

/// The glue generator must be of the very version the crate was compiled with.
fn have_bindgen() -> Result<(), String> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).map_err(|e| format!("Cargo.lock: {e}"))?;
    let locked = locked_version(&lock, "wasm-bindgen").ok_or("Cargo.lock names no wasm-bindgen")?;
    let installed = Command::new("wasm-bindgen").arg("--version").output().ok();
    let installed = installed.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    if installed.as_deref() == Some(&format!("wasm-bindgen {locked}")) {
        return Ok(());
    }
    println!("wasm-bindgen {locked} is needed; found: {}", installed.as_deref().unwrap_or("none"));
    run(&mut cargo(&["install", "wasm-bindgen-cli", "--version", locked]))
}

fn locked_version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = lock.lines();
    lines.find(|l| *l == format!("name = \"{name}\""))?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::{locked_version, module_of};

    #[test]
    fn glue_becomes_a_function_and_other_forms_are_refused() {
        let module = module_of("let glue = (function(exports) {\nreturn 1;\n})({});").unwrap();
        assert!(module.starts_with("export default function makeGlue() {\nlet glue = "), "{module}");
        assert!(module.ends_with("return { init: glue, ...glue };\n}\n"), "{module}");
        assert!(module_of("export function presets() {}").is_err());
    }

    #[test]
    fn the_locked_version_is_that_of_the_very_name() {
        let lock =
            "name = \"wasm-bindgen-futures\"\nversion = \"0.4.1\"\n\nname = \"wasm-bindgen\"\nversion = \"0.2.9\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.9"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
