//! `earprint cluster`: rows of an array, or tracks of a library, in k groups.

mod input;

use std::ops::ControlFlow;

use anyhow::Result;
use clap::ValueEnum;
use earprint_collection::kmeans::{
    Choice, Choose, Clusters, Crew, Device, Ended, KMeans, Pass, Rows, Scaling, Validity, choose, kmeans_of_starts,
    mini_batch, validity,
};
use earprint_compute::{KMeansDevice, PoolCrew};
use earprint_core::TRACK_SCHEMA;
use earprint_store::{AtomicFile, NpyType, npy_header, sync_folder};
use serde_json::{Value, json};

use crate::args::{ClusterArgs, ScaleArg};
use crate::device;
use crate::job::usage;
use crate::out::{out, plain};
use crate::supervise;
use input::{Input, Taken, Taking, read, refused};

/// Dimensions that are told of a cluster.
const TRAITS: usize = 3;

/// Runs the verb.
pub fn run(args: &ClusterArgs) -> Result<u8> {
    let input = Input::open(&args.input)?;
    let init = args.init.as_deref().map(read).transpose()?;
    let scaling = match args.scale {
        ScaleArg::None => Scaling::None,
        ScaleArg::Zscore => Scaling::ZScore,
        ScaleArg::Robust => Scaling::Robust,
    };
    let Taken { rows, unique, held } = input.take(&Taking { scaling, unique: args.unique, memory: args.memory })?;
    let crew = PoolCrew::new(supervise::threads(args.jobs))?;
    let how = Choose { k_max: args.k_max as usize, seed: args.seed, ..Choose::new() };
    let (k, choice) = match (args.k, &init) {
        (Some(k), _) => (k, None),
        (None, Some((init, d))) => (init.len() / d, None),
        (None, None) => {
            let choice = choose(&rows, &how, &crew);
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
        Some(batch) => mini_batch(&rows, &job, batch as usize, &crew, &mut watch).or_else(refused)?,
        None => {
            let mut machine = machine(args, &rows, held, k, crew.size())?;
            let on = machine.as_mut().map(|machine| machine as &mut dyn Device);
            kmeans_of_starts(&rows, &job, args.starts, &crew, on, &mut watch).or_else(refused)?
        }
    };
    if let Some(note) = &found.note {
        eprintln!("note: {note}");
    }
    let numbers = validity(&rows, &found.labels, k, &crew);
    rows.fault()?;
    if let Some(unique) = &unique {
        found.labels = unique.spread(&found.labels);
    }
    let how = How { scaling, different: unique.is_some().then_some(rows.len()), held };
    let summary = summary(args, &input, &job, &how, &found, numbers.as_ref(), choice.as_ref())?;
    write(args, &input, &found, &summary)?;
    let mut out = out();
    if args.json {
        out.line(&summary)?;
    } else {
        for cluster in summary["clusters"].as_array().into_iter().flatten() {
            let traits = cluster["traits"].as_array().into_iter().flatten();
            let trait_words = |t: &Value| {
                format!("{} {:+.1}", t["dimension"].as_str().unwrap_or_default(), t["z"].as_f64().unwrap_or(0.0))
            };
            let traits: Vec<String> = traits.map(trait_words).collect();
            out.line(format_args!("{}\t{}\t{}", cluster["id"], cluster["size"], traits.join(", ")))?;
        }
    }
    out.flush()?;
    if !args.quiet {
        if let Some(choice) = &choice {
            eprintln!("{}", words_of(choice));
        }
        eprintln!(
            "{} rows in {k} clusters after {} passes ({}); in {}",
            input.rows(),
            found.iterations,
            found.ended.name(),
            args.out.display()
        );
    }
    Ok(if found.ended == Ended::Stopped { 130 } else { 0 })
}

/// Why this number of clusters.
fn words_of(choice: &Choice) -> String {
    let of = |k: usize| {
        let told = choice.tried.iter().find(|t| t.k == k);
        told.map(|t| format!("{k} (silhouette {:.3} +- {:.3}, stability {:.2})", t.silhouette, t.spread, t.stability))
    };
    match (of(choice.k), choice.runner_up.and_then(of)) {
        (None, _) => "1 cluster: too few rows that differ to try two".to_owned(),
        (Some(best), None) => format!("best of one: {best}"),
        (Some(best), Some(second)) => format!("best of {}: {best}; second {second}", choice.tried.len()),
    }
}

/// What finds nearest centres beside the CPU. Rows that are read in every pass stay with it.
fn machine(args: &ClusterArgs, rows: &Rows, held: bool, k: usize, threads: usize) -> Result<Option<KMeansDevice>> {
    let say = |why: &str| {
        if !args.quiet {
            eprintln!("device: {why}");
        }
    };
    if !held {
        if !matches!(args.device, crate::args::Device::Auto | crate::args::Device::Cpu) {
            return usage(format!(
                "--device {}: it needs the rows in memory, {} MB; give --memory more than that, or --device cpu",
                args.device.to_possible_value().map_or(String::new(), |v| v.get_name().to_owned()),
                rows.len() as u64 * rows.columns() as u64 * 4 / 1_000_000
            ));
        }
        say("cpu (rows are read from the file in every pass)");
        return Ok(None);
    }
    let (chosen, why) = device::choose(args.device, threads, &device::kmeans_trial(rows, k))?;
    say(&why);
    Ok(chosen.machine(None)?.map(KMeansDevice::new))
}

/// How rows were taken.
struct How {
    scaling: Scaling,
    /// Different rows, where equal ones count as one.
    different: Option<usize>,
    held: bool,
}

fn summary(
    args: &ClusterArgs,
    input: &Input,
    job: &KMeans,
    how: &How,
    found: &Clusters,
    numbers: Option<&Validity>,
    choice: Option<&Choice>,
) -> Result<Value> {
    let columns = input.moments()?;
    let cluster = |(id, size): (usize, &u64)| {
        let mut traits: Vec<(usize, f64)> = (0..input.d)
            .filter(|&j| columns[j].1 > 0.0)
            .map(|j| (j, (found.centres[id * input.d + j] - columns[j].0) / columns[j].1))
            .collect();
        traits.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let told = traits.iter().take(TRAITS);
        let traits: Vec<Value> = told.map(|&(j, z)| json!({ "dimension": input.name(j), "z": z })).collect();
        json!({ "id": id, "size": size, "traits": traits })
    };
    Ok(json!({
        "v": 1,
        "input": args.input.display().to_string(),
        "schema": input.tracks.as_ref().map(|_| TRACK_SCHEMA),
        "rows": input.rows(),
        "without_cluster": found.labels.iter().filter(|l| l.is_none()).count(),
        "columns": (0..input.d).map(|j| input.name(j)).collect::<Vec<_>>(),
        "k": job.k,
        "k_max": choice.map(|_| args.k_max),
        "starts": if job.init.is_some() || args.batch.is_some() { 1 } else { args.starts },
        "batch": args.batch,
        "seed": job.init.is_none().then_some(job.seed),
        "init": args.init.as_ref().map(|path| path.display().to_string()),
        "scale": how.scaling.name(),
        "different_rows": how.different,
        "in_memory": how.held,
        "max_iter": job.max_iter,
        "tol": job.tol,
        "iterations": found.iterations,
        "ended": found.ended.name(),
        "inertia": found.inertia,
        "silhouette": numbers.map(|v| v.silhouette),
        "calinski_harabasz": numbers.map(|v| v.calinski_harabasz),
        "davies_bouldin": numbers.map(|v| v.davies_bouldin),
        "choice": choice.map(|choice| json!({
            "k": choice.k,
            "runner_up": choice.runner_up,
            "resample_rows": choice.rows,
            "tried": choice.tried.iter().map(|t| json!({
                "k": t.k, "silhouette": t.silhouette, "spread": t.spread, "stability": t.stability,
            })).collect::<Vec<_>>(),
        })),
        "rechecked": found.rechecked,
        "backend": found.backend,
        "note": found.note,
        "clusters": found.sizes.iter().enumerate().map(cluster).collect::<Vec<_>>(),
    }))
}

/// `labels.npy`, `centres.npy`, `summary.json`, and for tracks `clusters.csv`, each whole or not at all; the summary last.
fn write(args: &ClusterArgs, input: &Input, found: &Clusters, summary: &Value) -> Result<()> {
    let put = |name: &str, bytes: &[u8]| -> Result<()> {
        let mut file = AtomicFile::create(&args.out.join(name))?;
        file.write(bytes)?;
        Ok(file.finish()?)
    };
    let label = |l: &Option<u32>| l.map_or(-1, |l| l as i32);
    let mut labels = npy_header(NpyType::I32, &[found.labels.len()]);
    labels.extend(found.labels.iter().flat_map(|l| label(l).to_le_bytes()));
    put("labels.npy", &labels)?;
    let mut centres = npy_header(NpyType::F64, &[found.sizes.len(), input.d]);
    centres.extend(found.centres.iter().flat_map(|c| c.to_le_bytes()));
    put("centres.npy", &centres)?;
    if let Some(paths) = &input.tracks {
        let mut text = String::from("path,cluster\n");
        for (path, l) in paths.iter().zip(&found.labels) {
            text += &format!("{},{}\n", quoted(&plain(path)), label(l));
        }
        put("clusters.csv", text.as_bytes())?;
    } else if let Err(e) = std::fs::remove_file(args.out.join("clusters.csv"))
        && e.kind() != std::io::ErrorKind::NotFound
    {
        // What an earlier run left would belong to other labels.
        return Err(e.into());
    }
    put("summary.json", format!("{summary:#}\n").as_bytes())?;
    Ok(sync_folder(&args.out)?)
}

/// A field of RFC 4180.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
