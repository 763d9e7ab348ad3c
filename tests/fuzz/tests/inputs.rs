//! 2,000 damaged files: none may panic loudly, loop, take memory without bound, or end without an outcome.

use std::collections::BTreeMap;

use earprint_fuzz::{Checker, Report, Seeds};

const SEED: u64 = 20_261_128;
const INPUTS: u64 = 2_000;

#[test]
fn damaged_files_end_with_samples_or_an_error() {
    let seeds = Seeds::of_goldens();
    assert!(seeds.families() >= 30, "{} families of containers", seeds.families());
    let mut checker = Checker::new();
    let (mut outcomes, mut findings) = (BTreeMap::new(), Vec::new());
    for number in 0..INPUTS {
        let case = seeds.case(SEED, number);
        let Report { outcome, findings: found } = checker.run(&case.name, case.bytes);
        *outcomes.entry(outcome).or_insert(0) += 1;
        findings.extend(found.into_iter().map(|what| format!("{}: {what}", case.name)));
    }
    println!("seed {SEED}: {outcomes:?}");
    assert!(outcomes.len() > 5, "damage of one kind only: {outcomes:?}");
    assert!(findings.is_empty(), "{} findings of seed {SEED}:\n{}", findings.len(), findings.join("\n"));
}
