//! Who may import whom: reads the manifests and fails on any other edge.

use std::collections::BTreeMap;

use crate::process::root;

/// For each crate, the crates of this workspace it may depend on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("earprint-core", &[]),
    ("earprint-shaders", &[]),
    ("earprint-lanes", &[]),
    // Lanes: the resampler's inner loop.
    ("earprint-audio", &["earprint-core", "earprint-lanes"]),
    ("earprint-signal", &["earprint-core", "earprint-lanes"]),
    ("earprint-features", &["earprint-core", "earprint-lanes", "earprint-signal"]),
    ("earprint-store", &["earprint-core", "earprint-lanes"]),
    ("earprint-collection", &["earprint-core", "earprint-features", "earprint-lanes"]),
    ("earprint-report", &["earprint-core", "earprint-store"]),
    ("earprint-library", &["earprint-core", "earprint-collection", "earprint-store"]),
    ("earprint-compute", &["earprint-core", "earprint-collection", "earprint-shaders", "earprint-signal"]),
    ("earprint-wgpu", &["earprint-core", "earprint-compute", "earprint-shaders", "earprint-signal"]),
    ("earprint-cuda", &["earprint-core", "earprint-compute", "earprint-shaders", "earprint-signal"]),
    (
        "earprint-pipeline",
        &[
            "earprint-core",
            "earprint-audio",
            "earprint-signal",
            "earprint-features",
            "earprint-compute",
            "earprint-store",
        ],
    ),
    (
        "earprint-analyzer",
        &[
            "earprint-core",
            "earprint-audio",
            "earprint-signal",
            "earprint-features",
            "earprint-collection",
            "earprint-compute",
            "earprint-library",
            "earprint-report",
            "earprint-pipeline",
        ],
    ),
    (
        "earprint",
        &[
            "earprint-analyzer",
            "earprint-report",
            "earprint-core",
            "earprint-audio",
            "earprint-signal",
            "earprint-compute",
            "earprint-store",
            "earprint-features",
            "earprint-collection",
            "earprint-library",
            "earprint-wgpu",
            "earprint-cuda",
            "earprint-pipeline",
            "earprint-shaders",
        ],
    ),
    (
        "earprint-web",
        &[
            "earprint-core",
            "earprint-audio",
            "earprint-signal",
            "earprint-features",
            "earprint-collection",
            "earprint-compute",
            "earprint-wgpu",
            "earprint-pipeline",
        ],
    ),
    ("xtask", &[]),
];

/// Outside crates that only the crates named may use.
const GUARDED: &[(&str, &[&str])] = &[
    ("wgpu", &["earprint-wgpu"]),
    ("cudarc", &["earprint-cuda"]),
    ("rayon", &["earprint-compute", "earprint-web"]),
    ("symphonia", &["earprint-audio"]),
    ("rusqlite", &["earprint-library"]),
    ("parquet", &["earprint-library"]),
];

/// `cargo xtask layers`.
pub fn run() -> Result<(), String> {
    let root = root();
    let mut manifests = Vec::new();
    for folder in std::fs::read_dir(root.join("crates")).map_err(|e| e.to_string())? {
        manifests.push(folder.map_err(|e| e.to_string())?.path().join("Cargo.toml"));
    }
    manifests.extend(["shaders", "native", "web"].map(|f| root.join(f).join("Cargo.toml")));
    manifests.retain(|m| m.exists());
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for path in &manifests {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let name = text
            .lines()
            .find_map(|l| l.strip_prefix("name = \""))
            .and_then(|l| l.split('"').next())
            .ok_or_else(|| format!("{}: no name", path.display()))?;
        let may = allowed.get(name).ok_or_else(|| format!("{name} is not in the table of layers.rs"))?;
        for dependency in dependencies(&text) {
            let inside = dependency == "earprint" || dependency.starts_with("earprint-");
            if inside && !may.contains(&dependency) {
                wrong.push(format!("{name} imports {dependency}"));
            }
            if let Some((_, only)) = GUARDED.iter().find(|(g, _)| *g == dependency)
                && !only.contains(&name)
            {
                wrong.push(format!("{name} imports {dependency}, which only {} may", only.join(", ")));
            }
        }
    }
    if wrong.is_empty() {
        println!("layers: {} manifests, no forbidden edge", manifests.len());
        Ok(())
    } else {
        Err(format!("layers: {}", wrong.join("\nlayers: ")))
    }
}

/// Names in every dependency section but the development ones: tests may look anywhere.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut out = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies") && !line.contains("dev-dependencies");
        } else if inside {
            let name = line.split(['=', '.', ' ']).next().unwrap_or("");
            if !name.is_empty() && !name.starts_with('#') && line.contains('=') && !line.starts_with(' ') {
                out.push(name);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_found_in_every_form() {
        let m = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = { version = \"1\" }\n\
                 [target.'cfg(unix)'.dependencies]\nc = \"1\"\n[dev-dependencies]\nd = \"1\"\n";
        assert_eq!(dependencies(m), ["a", "b", "c"]);
    }

    #[test]
    fn this_workspace_keeps_its_layers() {
        run().unwrap();
    }
}
