//! `earprint report`: everything about a collection, in a folder to look at.

use std::path::PathBuf;

use anyhow::Result;
use earprint_analyzer::{
    Analyzer, AnalyzerError, Collected, Group, Ordered, Settings, SurveyJob, figures, report, survey, title_of,
};
use earprint_collection::kmeans::{Crew, Device};
use earprint_collection::order::{Goal, OrderJob, order};
use earprint_compute::{KMeansDevice, PoolCrew};
use earprint_core::path_from_text;
use earprint_library::Library;

use crate::args::ReportArgs;
use crate::job::usage;
use crate::out::out;
use crate::{device, supervise};

/// Runs the verb.
pub fn run(args: &ReportArgs) -> Result<u8> {
    let library = Library::open_read_only(&args.library.library)?;
    let collected = Collected::read(&library)?;
    let crew = PoolCrew::new(supervise::threads(args.jobs))?;
    supervise::interrupt_once();
    let job = SurveyJob {
        k: args.k,
        k_max: args.k_max as usize,
        seed: args.seed,
        scaling: args.scale.into(),
        ..SurveyJob::default()
    };
    let mut machine = None;
    if let Ok(rows) = earprint_collection::portrait::rows(&collected.values(), job.scaling) {
        let trial = device::kmeans_trial(&rows, job.k.unwrap_or(args.k_max as usize).min(rows.len()));
        let (chosen, why) = device::choose(args.device, crew.size(), &trial)?;
        if !args.quiet {
            eprintln!("device: {why}");
        }
        machine = chosen.machine(None)?.map(KMeansDevice::new);
    }
    let on = machine.as_mut().map(|machine| machine as &mut dyn Device);
    let seen = match survey(&collected, &job, &crew, on, &supervise::interrupted) {
        Err(AnalyzerError::Clusters(e)) => return usage(e.to_string()),
        other => other?,
    };
    let ordered =
        order(&collected.order_tracks(Group::Folder), &OrderJob { seed: args.seed, ..OrderJob::new(Goal::Free) })?;
    let mut measured = figures(&collected, &library)?;
    if args.serial_sample > 0 {
        let sample = sample(&collected, args.serial_sample as usize);
        let settings = Settings { workers: crew.size(), ..Settings::default() };
        match Analyzer::new(&args.library.library, settings)?.serial_sample(&sample) {
            Ok(speed_up) => measured.serial_sample_speed_up = speed_up,
            // One bad file costs the figure and nothing else.
            Err(e) => eprintln!("note: no serial sample: {e}"),
        }
    }
    let title = args.title.clone().unwrap_or_else(|| title_of(&args.library.library));
    let ordered = Ordered { goal: Goal::Free, order: &ordered };
    let report = report(&title, &collected, &seen, Some(ordered), measured);
    let written = earprint_report::write_all(&report, &args.out)?;
    let mut out = out();
    for path in &written {
        out.line(path.display())?;
    }
    out.flush()?;
    if !args.quiet {
        eprintln!(
            "{} tracks in {} clusters; open {}",
            report.tracks.len(),
            report.clusters.len(),
            args.out.join("report.html").display()
        );
    }
    Ok(if supervise::interrupted() { 130 } else { 0 })
}

/// Files of the collection that are there, spread evenly over it.
fn sample(collected: &Collected, n: usize) -> Vec<PathBuf> {
    let there: Vec<PathBuf> =
        collected.members.iter().filter_map(|m| path_from_text(&m.path)).filter(|p| p.is_file()).collect();
    let n = n.min(there.len());
    (0..n).map(|i| there[i * there.len() / n].clone()).collect()
}
