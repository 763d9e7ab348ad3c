//! `earprint cluster`: rows of an array, or tracks of a library, in k groups.

mod input;
mod told;

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;
use earprint_collection::kmeans;
use earprint_collection::kmeans::{
    Choose, Crew, Density, Ended, KMeans, Pass, Rows, Scaling, choose, density, kmeans_on, mini_batch, validity,
};
use earprint_compute::{KMeansDevice, PoolCrew};

use crate::args::{ClusterArgs, Device, MethodArg, typed};
use crate::device;
use crate::job::usage;
use crate::out::out;
use crate::supervise;
use input::{Input, Taken, Taking, read, refused};
use told::{By, Grouped, OfTracks};

/// Runs the verb.
pub fn run(args: &ClusterArgs) -> Result<u8> {
    check(args)?;
    let input = Input::open(&args.input)?;
    let init = args.init.as_deref().map(read).transpose()?;
    let scaling = args.scale.into();
    let Taken { rows, unique, held } = input.take(&Taking { scaling, unique: args.unique, memory: args.memory })?;
    let crew = PoolCrew::new(supervise::threads(args.jobs))?;
    let mut grouped = match args.method {
        MethodArg::Kmeans => centred(args, &input, &rows, held, init, &crew)?,
        MethodArg::Density => dense(args, &rows)?,
    };
    rows.fault()?;
    grouped.scaling = scaling;
    grouped.held = held;
    if let Some(unique) = &unique {
        grouped.labels = unique.spread(&grouped.labels);
        grouped.different = Some(rows.len());
    }
    let tracks = OfTracks::of(&input, &grouped)?;
    let summary = told::summary(args, &input, &grouped, tracks.as_ref())?;
    told::write(args, input.d, &grouped, tracks.as_ref(), &summary)?;
    let mut out = out();
    if args.json {
        out.line(&summary)?;
    } else {
        told::lines(&summary).into_iter().try_for_each(|line| out.line(line))?;
    }
    out.flush()?;
    if !args.quiet {
        eprintln!("{}", how_it_went(&input, &grouped, &args.out));
    }
    let stopped = matches!(&grouped.by, By::KMeans { found, .. } if found.ended == Ended::Stopped);
    Ok(if stopped { 130 } else { 0 })
}

/// Refuses flags that a method does not look at.
fn check(args: &ClusterArgs) -> Result<()> {
    let dense = args.method == MethodArg::Density;
    let of_kmeans = [
        ("-k", args.k.is_some()),
        ("--init", args.init.is_some()),
        ("--batch", args.batch.is_some()),
        ("--k-max", typed("--k-max")),
        ("--starts", typed("--starts")),
        ("--max-iter", typed("--max-iter")),
        ("--tol", typed("--tol")),
    ];
    if let Some((flag, _)) = of_kmeans.iter().find(|(_, given)| *given).filter(|_| dense) {
        return usage(format!("--method density: {flag} is for kmeans; expected --min-size and --neighbours at most"));
    }
    let of_density = [("--neighbours", args.neighbours.is_some()), ("--min-size", typed("--min-size"))];
    if let Some((flag, _)) = of_density.iter().find(|(_, given)| *given).filter(|_| !dense) {
        return usage(format!("{flag}: it is for --method density"));
    }
    if dense || args.batch.is_some() {
        if typed("--device") && !matches!(args.device, Device::Auto | Device::Cpu) {
            return usage("--device: batches and dense groups are computed on the CPU; expected auto or cpu");
        }
        if !args.quiet {
            eprintln!("device: cpu (batches and dense groups are computed there)");
        }
    }
    Ok(())
}

fn how_it_went(input: &Input, grouped: &Grouped, out: &Path) -> String {
    let (rows, k, out) = (input.rows(), grouped.sizes.len(), out.display());
    match &grouped.by {
        By::KMeans { found, choice, .. } => {
            let why = choice.as_ref().map_or(String::new(), |choice| format!("{}\n", told::words_of(choice)));
            let (passes, ended) = (found.iterations, found.ended.name());
            format!("{why}{rows} rows in {k} clusters after {passes} passes ({ended}); in {out}")
        }
        By::Density(_) => {
            let none = grouped.labels.iter().filter(|l| l.is_none()).count();
            format!("{rows} rows: {k} dense groups, {none} rows in none; in {out}")
        }
    }
}

/// Groups around centres.
fn centred(
    args: &ClusterArgs,
    input: &Input,
    rows: &Rows,
    held: bool,
    init: Option<(Vec<f64>, usize)>,
    crew: &PoolCrew,
) -> Result<Grouped> {
    let how = Choose { k_max: args.k_max as usize, seed: args.seed, ..Choose::new() };
    let (k, choice) = match (args.k, &init) {
        (Some(k), _) => (k, None),
        (None, Some((init, d))) => (init.len() / d, None),
        (None, None) => {
            let choice = choose(rows, &how, crew);
            (choice.k, Some(choice))
        }
    };
    if k == 0 {
        return usage(format!("-k 0: expected 1 to {}", input.rows()));
    }
    let mut job = KMeans { seed: args.seed, max_iter: args.max_iter, tol: args.tol, ..KMeans::new(k) };
    if let Some((values, d)) = init {
        if d != input.d || values.len() != k * d {
            return usage(format!("--init: {} rows of {d}; expected {k} of {}", values.len() / d, input.d));
        }
        job.init = Some(values);
    }
    supervise::interrupt_once();
    let mut watch = |pass: Pass| {
        if args.verbose {
            eprintln!("pass {}: {} labels changed", pass.iteration, pass.changed);
        }
        if supervise::interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut found = match args.batch {
        Some(batch) => mini_batch(rows, &job, batch as usize, crew, &mut watch).or_else(refused)?,
        None => {
            let mut machine = machine(args, rows, held, k, crew.size())?;
            let on = machine.as_mut().map(|machine| machine as &mut dyn kmeans::Device);
            pollster::block_on(kmeans_on(rows, &job, args.starts, crew, on, &mut watch)).or_else(refused)?
        }
    };
    if let Some(note) = &found.note {
        eprintln!("note: {note}");
    }
    let numbers = validity(rows, &found.labels, k, crew);
    Ok(Grouped {
        labels: std::mem::take(&mut found.labels),
        centres: std::mem::take(&mut found.centres),
        sizes: found.sizes.clone(),
        scaling: Scaling::default(),
        different: None,
        held,
        by: By::KMeans { found: Box::new(found), job, choice, numbers },
    })
}

/// Groups by density.
fn dense(args: &ClusterArgs, rows: &Rows) -> Result<Grouped> {
    let how =
        Density { min_size: args.min_size as usize, neighbours: args.neighbours.unwrap_or(args.min_size) as usize };
    let found = density(rows, &how).or_else(refused)?;
    Ok(Grouped {
        labels: found.labels,
        centres: found.centres,
        sizes: found.sizes,
        scaling: Scaling::default(),
        different: None,
        held: true,
        by: By::Density(how),
    })
}

/// What finds nearest centres beside the CPU. Rows that are read in every pass stay with it.
fn machine(args: &ClusterArgs, rows: &Rows, held: bool, k: usize, threads: usize) -> Result<Option<KMeansDevice>> {
    let say = |why: &str| {
        if !args.quiet {
            eprintln!("device: {why}");
        }
    };
    if !held {
        if !matches!(args.device, Device::Auto | Device::Cpu) {
            return usage(format!(
                "--device {}: it needs the rows in memory, {} MB; give --memory more than that, or --device cpu",
                args.device.to_possible_value().map_or(String::new(), |v| v.get_name().to_owned()),
                input::held_bytes(rows.len(), rows.columns()).div_ceil(1_000_000)
            ));
        }
        say("cpu (rows are read from the file in every pass)");
        return Ok(None);
    }
    let (chosen, why) = device::choose(args.device, threads, &device::kmeans_trial(rows, k))?;
    say(&why);
    Ok(chosen.machine(None)?.map(KMeansDevice::new))
}
