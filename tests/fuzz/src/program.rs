//! Batches of damaged files through a built `earprint analyze`: a record for each, the exit code that belongs to them,
//! no panic text, memory within the budget it was given.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use earprint_fuzz::Seeds;

use crate::Options;

/// Files of a batch.
const BATCH: u64 = 1_000;
/// What the program is told to stay within, and what its whole process may take beside, in MiB.
const MEMORY_MIB: u64 = 500;
const BESIDE_MIB: u64 = 200;
/// A batch that takes longer hangs.
const HANG: Duration = Duration::from_secs(1_200);

/// Runs batches until all inputs are through or the time is up.
pub fn run(options: &Options, program: &Path) -> Result<(String, bool), String> {
    let started = Instant::now();
    let folder = std::env::temp_dir().join(format!("earprint-fuzz-{}", std::process::id()));
    let seeds = Seeds::of_goldens();
    let (mut first, mut outcomes, mut findings) = (0, BTreeMap::new(), Vec::new());
    while first < options.inputs && options.limit.is_none_or(|limit| started.elapsed() < limit) {
        let end = options.inputs.min(first + BATCH);
        let found = batch(options, program, &seeds, first..end, &folder, &mut outcomes)
            .map_err(|e| format!("{}: {e}", folder.display()))?;
        println!("cases {first} to {}: {} findings, {:.0} s", end - 1, found.len(), started.elapsed().as_secs_f64());
        if !found.is_empty()
            && let Some(save) = &options.save
        {
            keep(&folder, &save.join(format!("{first:06}"))).map_err(|e| format!("{}: {e}", save.display()))?;
        }
        findings.extend(found);
        first = end;
    }
    let _ = fs::remove_dir_all(&folder);
    let counted: Vec<String> = outcomes.iter().map(|(outcome, n)| format!("{outcome} {n}")).collect();
    let words = format!(
        "{}\n{first} inputs of seed {} through {} in {:.0} s: {}\n{} findings",
        findings.join("\n"),
        options.seed,
        program.display(),
        started.elapsed().as_secs_f64(),
        counted.join(", "),
        findings.len()
    );
    Ok((words.trim_start().to_string(), findings.is_empty()))
}

fn batch(
    options: &Options,
    program: &Path,
    seeds: &Seeds,
    numbers: std::ops::Range<u64>,
    folder: &Path,
    outcomes: &mut BTreeMap<String, u64>,
) -> std::io::Result<Vec<String>> {
    let _ = fs::remove_dir_all(folder);
    let inputs = folder.join("in");
    fs::create_dir_all(&inputs)?;
    let mut names = BTreeSet::new();
    for number in numbers.clone() {
        let case = seeds.case(options.seed, number);
        fs::write(inputs.join(&case.name), &case.bytes)?;
        names.insert(case.name);
    }
    let mut child = Command::new(program)
        .arg("analyze")
        .arg(&inputs)
        .args(["--json", "--progress", "none", "--memory", &format!("{MEMORY_MIB}M"), "--library"])
        .arg(folder.join("fuzz.db"))
        .stdout(File::create(folder.join("stdout"))?)
        .stderr(File::create(folder.join("stderr"))?)
        .spawn()?;
    let (status, peak_mib) = wait(&mut child)?;
    let mut findings = Vec::new();
    let mut find = |what: String| findings.push(format!("cases {} to {}: {what}", numbers.start, numbers.end - 1));
    let (stdout, stderr) = (fs::read(folder.join("stdout"))?, fs::read(folder.join("stderr"))?);
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    let mut errors = 0;
    for line in stdout.lines() {
        let (status, code) = (field(line, "status"), field(line, "code"));
        let path = field(line, "path").unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        if !names.remove(name) {
            find(format!("a second record, or one of no input: {line}"));
        }
        errors += u64::from(status == Some("error"));
        let outcome = code.or(status).unwrap_or("no status").to_string();
        if matches!(outcome.as_str(), "E_IO" | "E_PANICKED" | "E_OUT_OF_MEMORY" | "E_TIME_LIMIT") {
            find(line.to_string());
        }
        *outcomes.entry(outcome).or_default() += 1;
    }
    if !names.is_empty() {
        find(format!("{} records are missing: {:?}", names.len(), names.iter().take(5).collect::<Vec<_>>()));
    }
    match status.and_then(|s| s.code()) {
        Some(3) if errors > 0 => {}
        Some(0) if errors == 0 => {}
        code => find(format!("exit code {code:?} with {errors} errors")),
    }
    if let Some(at) = stderr.find("panicked") {
        find(format!("panic text: {}", stderr[at..].chars().take(300).collect::<String>()));
    }
    if peak_mib > MEMORY_MIB + BESIDE_MIB {
        find(format!("{peak_mib} MiB of memory"));
    }
    Ok(findings)
}

/// Waits for the end, looking at the peak of its memory on the way (Linux). No status: it hung and was killed.
fn wait(child: &mut Child) -> std::io::Result<(Option<ExitStatus>, u64)> {
    let (started, mut peak_mib) = (Instant::now(), 0);
    let status = format!("/proc/{}/status", child.id());
    loop {
        let peak = fs::read_to_string(&status).ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
        });
        peak_mib = peak_mib.max(peak.unwrap_or(0) / 1024);
        if let Some(ended) = child.try_wait()? {
            return Ok((Some(ended), peak_mib));
        }
        if started.elapsed() > HANG {
            child.kill()?;
            child.wait()?;
            return Ok((None, peak_mib));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A text field of a record. The names of cases hold nothing that JSON escapes.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let at = line.find(&format!("\"{name}\":\""))? + name.len() + 4;
    line[at..].split('"').next()
}

fn keep(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from.join("in"))? {
        let path = entry?.path();
        fs::copy(&path, to.join(path.file_name().unwrap_or_default()))?;
    }
    for name in ["stdout", "stderr"] {
        fs::copy(from.join(name), to.join(name))?;
    }
    Ok(())
}
