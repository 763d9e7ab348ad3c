//! `cargo xtask size`: what a visitor downloads, after brotli, against the most it may be.

use std::process::Command;

use crate::wasm::{VARIANTS, package};

/// Node compresses: it is needed for the package anyway, a brotli program is not.
const BROTLI: &str = "const z=require('zlib'),f=require('fs');\
    const o={params:{[z.constants.BROTLI_PARAM_QUALITY]:11,[z.constants.BROTLI_PARAM_LGWIN]:24}};\
    for(const p of process.argv.slice(1)){const b=f.readFileSync(p);console.log(b.length,z.brotliCompressSync(b,o).length)}";

/// Prints every variant; fails where one is above its gate.
pub fn chore() -> Result<(), String> {
    let mut above = Vec::new();
    println!("{:18} {:>10} {:>10} {:>10} {:>10}", "variant", "wasm", "brotli", "glue", "gate");
    for variant in &VARIANTS {
        let folder = package(variant);
        let (wasm, glue) = (folder.join("earprint_bg.wasm"), folder.join("earprint.js"));
        if !wasm.exists() {
            return Err(format!("{} is not there; run `cargo xtask wasm` first", wasm.display()));
        }
        let out = Command::new("node").args(["-e", BROTLI]).args([&wasm, &glue]).output();
        let out = out.map_err(|e| format!("`node` could not be started: {e}; install Node 20 or later"))?;
        let text = String::from_utf8_lossy(&out.stdout);
        let numbers: Vec<usize> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        let [plain, small, _, glue] = numbers[..] else {
            return Err(format!("node: {}", String::from_utf8_lossy(&out.stderr)));
        };
        let most = variant.most_bytes;
        println!("{:18} {plain:>10} {small:>10} {glue:>10} {most:>10}", variant.name);
        if small + glue > most {
            above.push(format!("{}: {} bytes after brotli; expected at most {most}", variant.name, small + glue));
        }
    }
    if above.is_empty() { Ok(()) } else { Err(above.join("\n")) }
}
