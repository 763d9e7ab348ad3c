//! `earprint cluster`: rows of an array, or tracks of a library, in k groups.

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Result;
use earprint_collection::kmeans::{
    Choice, Choose, Clusters, Crew, Device, Ended, KMeans, Pass, Rows, Scaling, Validity, choose, kmeans_of_starts,
    validity,
};
use earprint_compute::{KMeansDevice, PoolCrew};
use earprint_core::{DIMENSIONS, TRACK_DIMENSIONS, TRACK_SCHEMA};
use earprint_library::Library;
use earprint_signal::f32_from_f16;
use earprint_store::{AtomicFile, NpyArray, NpyType, npy_header, sync_folder};
use serde_json::{Value, json};

use crate::args::{ClusterArgs, ScaleArg};
use crate::device;
use crate::job::usage;
use crate::out::{out, plain};
use crate::supervise;

/// Dimensions that are told of a cluster.
const TRAITS: usize = 3;

/// Numbers as they came.
enum Numbers {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// What is clustered: rows of `d` numbers, with the files they are of if they are tracks.
struct Input {
    values: Numbers,
    d: usize,
    tracks: Option<Vec<String>>,
}

impl Input {
    fn rows(&self) -> usize {
        let values = match &self.values {
            Numbers::F32(values) => values.len(),
            Numbers::F64(values) => values.len(),
        };
        values.checked_div(self.d).unwrap_or(0)
    }

    fn value(&self, row: usize, column: usize) -> f64 {
        match &self.values {
            Numbers::F32(values) => f64::from(values[row * self.d + column]),
            Numbers::F64(values) => values[row * self.d + column],
        }
    }

    fn name(&self, column: usize) -> String {
        match self.tracks {
            Some(_) => TRACK_DIMENSIONS[column].name.to_owned(),
            None => column.to_string(),
        }
    }
}

/// Runs the verb.
pub fn run(args: &ClusterArgs) -> Result<u8> {
    let input = if is_library(&args.input)? { tracks(&args.input)? } else { array(&args.input)? };
    if input.rows() == 0 {
        return usage(format!("{}: no rows; expected at least one", args.input.display()));
    }
    let init = args.init.as_deref().map(read).transpose()?;
    let scaling = match args.scale {
        ScaleArg::None => Scaling::None,
        ScaleArg::Zscore => Scaling::ZScore,
        ScaleArg::Robust => Scaling::Robust,
    };
    let rows = match &input.values {
        Numbers::F32(values) => Rows::new(values, input.d, None, scaling),
        Numbers::F64(values) => Rows::new(values, input.d, None, scaling),
    };
    let rows = rows.or_else(usage_of)?;
    let crew = PoolCrew::new(supervise::threads(args.jobs))?;
    let how = Choose { k_max: args.k_max as usize, seed: args.seed, ..Choose::new() };
    let (k, choice) = match (args.k, &init) {
        (Some(k), _) => (k, None),
        (None, Some((init, d))) => (f64s(init).len() / d, None),
        (None, None) => {
            let choice = choose(&rows, &how, &crew);
            (choice.k, Some(choice))
        }
    };
    if k == 0 {
        return usage(format!("-k 0: expected 1 to {}", input.rows()));
    }
    let mut job = KMeans { seed: args.seed, max_iter: args.max_iter, tol: args.tol, ..KMeans::new(k) };
    if let Some((init, d)) = init {
        let values = f64s(&init);
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
    let (chosen, why) = device::choose(args.device, crew.size(), &device::kmeans_trial(&rows, k))?;
    if !args.quiet {
        eprintln!("device: {why}");
    }
    let mut machine = chosen.machine(None)?.map(KMeansDevice::new);
    let on = machine.as_mut().map(|machine| machine as &mut dyn Device);
    let found = kmeans_of_starts(&rows, &job, args.starts, &crew, on, &mut watch).or_else(usage_of)?;
    if let Some(note) = &found.note {
        eprintln!("note: {note}");
    }
    let numbers = validity(&rows, &found.labels, k, &crew);
    let summary = summary(args, &input, &job, scaling, &found, numbers.as_ref(), choice.as_ref());
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

/// What cannot be clustered was asked for wrongly.
fn usage_of<T>(error: impl std::fmt::Display) -> Result<T> {
    usage(error.to_string())
}

fn is_library(path: &Path) -> Result<bool> {
    let mut first = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(16).read_to_end(&mut first));
    match opened {
        Ok(_) => Ok(first == b"SQLite format 3\0"),
        Err(e) => usage(format!("{}: {e}; expected a library or a .npy file", path.display())),
    }
}

/// Every track of a library that has numbers, by path; a track that lies in two files counts once, under the first.
fn tracks(path: &Path) -> Result<Input> {
    let library = Library::open_read_only(path)?;
    let (mut values, mut paths) = (Vec::new(), Vec::new());
    let mut seen = std::collections::HashSet::new();
    library.each_record(TRACK_SCHEMA, false, |record| {
        if let Some(descriptor) = record.descriptor
            && record.audio_id.as_ref().is_none_or(|id| seen.insert(id.clone()))
        {
            values.extend(descriptor.values);
            paths.push(record.path);
        }
        Ok(())
    })?;
    Ok(Input { values: Numbers::F32(values), d: DIMENSIONS, tracks: Some(paths) })
}

/// An array, ready to be clustered.
fn array(path: &Path) -> Result<Input> {
    let (array, d) = read(path)?;
    let values = match array.header.descr.as_str() {
        "<f2" => Numbers::F32(array.u16().into_iter().map(f32_from_f16).collect()),
        "<f4" => Numbers::F32(array.f32()),
        _ => Numbers::F64(array.f64()),
    };
    Ok(Input { values, d, tracks: None })
}

/// The numbers of an array that [`read`] took.
fn f64s(array: &NpyArray) -> Vec<f64> {
    match array.header.descr.as_str() {
        "<f2" => array.u16().into_iter().map(|bits| f64::from(f32_from_f16(bits))).collect(),
        "<f4" => array.f32().into_iter().map(f64::from).collect(),
        _ => array.f64(),
    }
}

/// An array `(rows, …)` of f16, f32 or f64, and its columns: what follows the first dimension is one row.
fn read(path: &Path) -> Result<(NpyArray, usize)> {
    let array = match NpyArray::read(path) {
        Ok(array) => array,
        Err(e) => return usage(format!("{e}; expected a library or a .npy file")),
    };
    let descr = array.header.descr.as_str();
    if !["<f2", "<f4", "<f8"].contains(&descr) {
        return usage(format!("{}: numbers of type {descr}; expected <f2, <f4 or <f8", path.display()));
    }
    match array.header.shape.as_slice() {
        [_, rest @ ..] if !rest.is_empty() && !rest.contains(&0) => {
            let d = rest.iter().try_fold(1usize, |d, &n| d.checked_mul(n));
            d.map_or_else(|| usage(format!("{}: rows too long", path.display())), |d| Ok((array, d)))
        }
        shape => usage(format!("{}: shape {shape:?}; expected (rows, columns)", path.display())),
    }
}

fn summary(
    args: &ClusterArgs,
    input: &Input,
    job: &KMeans,
    scaling: Scaling,
    found: &Clusters,
    numbers: Option<&Validity>,
    choice: Option<&Choice>,
) -> Value {
    let columns: Vec<(f64, f64)> = (0..input.d).map(|j| mean_and_deviation(input, j)).collect();
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
    json!({
        "v": 1,
        "input": args.input.display().to_string(),
        "schema": input.tracks.as_ref().map(|_| TRACK_SCHEMA),
        "rows": input.rows(),
        "without_cluster": found.labels.iter().filter(|l| l.is_none()).count(),
        "columns": (0..input.d).map(|j| input.name(j)).collect::<Vec<_>>(),
        "k": job.k,
        "k_max": choice.map(|_| args.k_max),
        "starts": if job.init.is_some() { 1 } else { args.starts },
        "seed": job.init.is_none().then_some(job.seed),
        "init": args.init.as_ref().map(|path| path.display().to_string()),
        "scale": scaling.name(),
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
    })
}

/// Of the known values of a column.
fn mean_and_deviation(input: &Input, j: usize) -> (f64, f64) {
    let known = || (0..input.rows()).map(|row| input.value(row, j)).filter(|v| v.is_finite());
    let n = known().count().max(1) as f64;
    let mean = known().sum::<f64>() / n;
    (mean, (known().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt())
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
