//! Every Vulkan driver of this machine, each in a process of its own: the loader reads which one to use once per process.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs the ignored test `name` of this program once for each driver, and passes on what it prints.
///
/// # Panics
/// If one of them fails.
pub fn on_every_driver(name: &str) {
    let drivers = drivers();
    if drivers.is_empty() {
        println!("{name}: skipped, because no Vulkan driver is installed");
    }
    for driver in drivers {
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args([name, "--exact", "--ignored", "--nocapture"])
            .env("VK_DRIVER_FILES", &driver)
            // Loaders before 1.3.207 know the older name alone.
            .env("VK_ICD_FILENAMES", &driver)
            .output()
            .expect("this program runs");
        let (out, err) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
        println!("{}\n{out}", driver.display());
        assert!(child.status.success(), "{}:\n{out}\n{err}", driver.display());
        assert!(out.contains("1 passed"), "{name} is no test of this program:\n{out}");
    }
}

/// Manifests of drivers, where loaders look for them, and where Chromium keeps its own.
fn drivers() -> Vec<PathBuf> {
    let folders =
        ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/lib/chromium"];
    let files = folders.iter().flat_map(|f| std::fs::read_dir(Path::new(f)).into_iter().flatten().flatten());
    let manifest = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.contains("icd") && name.ends_with(".json")
    };
    let mut found: Vec<PathBuf> = files.map(|e| e.path()).filter(manifest).collect();
    found.sort();
    found
}
