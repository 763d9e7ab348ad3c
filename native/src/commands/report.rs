//! `earprint report`: everything about a collection, in a folder to look at.

use std::path::PathBuf;

use anyhow::Result;
use earprint_analyzer::{
    Analyzer, AnalyzerError, Collected, Group, Ordered, Settings, SurveyJob, figures, report, survey,
};
use earprint_collection::kmeans::{Crew, Device, Scaling};
use earprint_collection::order::order;
use earprint_compute::{KMeansDevice, PoolCrew};
use earprint_core::path_from_text;
use earprint_library::Library;

use super::order::wanted;
use crate::args::{GroupArg, OrderArgs, ReportArgs, ScaleArg};
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
        scaling: match args.scale {
            ScaleArg::None => Scaling::None,
            ScaleArg::Zscore => Scaling::ZScore,
            ScaleArg::Robust => Scaling::Robust,
        },
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
    let order_args = OrderArgs { seed: args.seed, ..OrderArgs::smooth(args.library.clone()) };
    let (order_job, goal) = wanted(&order_args, &collected)?;
    let tracks = collected.order_tracks(match order_args.group {
        GroupArg::Folder => Group::Folder,
        GroupArg::None => Group::None,
    });
    let ordered = order(&tracks, &order_job)?;
    let mut measured = figures(&collected, &library)?;
    if args.serial_sample > 0 {
        let sample = sample(&collected, args.serial_sample as usize);
        let settings = Settings { workers: crew.size(), ..Settings::default() };
        measured.serial_sample_speed_up = Analyzer::new(&args.library.library, settings)?.serial_sample(&sample)?;
    }
    let title = args.title.clone().unwrap_or_else(|| {
        args.library.library.file_stem().map_or_else(|| "Collection".into(), |s| s.to_string_lossy().into_owned())
    });
    let ordered = Ordered { goal: &goal, tracks: &tracks, order: &ordered };
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
