//! What is told of clusters: the summary, the lines on stdout, the files.

use anyhow::Result;
use earprint_collection::Scale;
use earprint_collection::kmeans::{Choice, Clusters, Density, KMeans, Scaling, Validity};
use earprint_collection::portrait::{Explanation, Portrait, explain, portraits};
use earprint_collection::words::Usual;
use earprint_core::{TRACK_DIMENSIONS, TRACK_SCHEMA};
use earprint_store::{AtomicFile, NpyType, csv_field, npy_header, sync_folder};
use serde_json::{Value, json};

use super::input::Input;
use crate::args::ClusterArgs;
use crate::out::plain;

/// Dimensions that are told of a cluster.
const TRAITS: usize = 3;

/// How the groups came about.
pub enum By {
    KMeans { found: Box<Clusters>, job: KMeans, choice: Option<Choice>, numbers: Option<Validity> },
    Density(Density),
}

/// Groups and how they came about.
pub struct Grouped {
    /// Of each row of the input.
    pub labels: Vec<Option<u32>>,
    /// `(k, d)`, in the units of the input.
    pub centres: Vec<f64>,
    pub sizes: Vec<u64>,
    pub scaling: Scaling,
    /// Different rows, where equal ones count as one.
    pub different: Option<usize>,
    pub held: bool,
    pub by: By,
}

/// What tracks have beyond rows of numbers.
pub struct OfTracks<'a> {
    paths: &'a [String],
    pub portraits: Vec<Portrait>,
    /// Why each track is where it is; `None` of one that knows nothing.
    reasons: Vec<Option<Explanation>>,
}

impl<'a> OfTracks<'a> {
    /// `None` where the rows are no tracks.
    pub fn of(input: &'a Input, grouped: &Grouped) -> Result<Option<Self>> {
        let Some((paths, values)) = input.tracks.as_deref().zip(input.track_values()) else { return Ok(None) };
        let usual = Usual::of(&Scale::reference(TRACK_SCHEMA)?, &values);
        let k = grouped.sizes.len();
        let portraits = portraits(&values, &grouped.labels, k, grouped.scaling, &usual)?;
        let rows = earprint_collection::portrait::rows(&values, grouped.scaling)?;
        let centres = rows.scaled(&grouped.centres);
        let reason = |track| if k == 0 { None } else { explain(&rows, track, &centres) };
        Ok(Some(Self { paths, portraits, reasons: (0..values.len()).map(reason).collect() }))
    }

    fn name(&self, cluster: u32) -> &str {
        &self.portraits[cluster as usize].name
    }

    /// `members.csv`: what each track is in, and what it would be in next.
    fn csv(&self, labels: &[Option<u32>]) -> String {
        let mut text = String::from("path,cluster,name,outlier,second,second_name,further_by,because\n");
        let outliers: std::collections::BTreeSet<usize> =
            self.portraits.iter().flat_map(|p| p.outliers.iter().map(|o| o.track)).collect();
        for (track, (path, label)) in self.paths.iter().zip(labels).enumerate() {
            let mut fields = vec![quoted(&plain(path))];
            match label {
                Some(l) => fields.extend([
                    l.to_string(),
                    quoted(self.name(*l)),
                    u8::from(outliers.contains(&track)).to_string(),
                ]),
                None => fields.extend(["-1".into(), String::new(), String::new()]),
            }
            let reason = label.and(self.reasons[track].as_ref());
            match reason.and_then(|r| Some((r, r.second?, r.farther()?))) {
                Some((reason, second, farther)) => {
                    let because: Vec<&str> =
                        reason.mostly().iter().map(|b| TRACK_DIMENSIONS[b.dimension].name).collect();
                    let second_name = quoted(self.name(second.cluster));
                    fields.extend([second.cluster.to_string(), second_name, farther.to_string(), because.join(" ")]);
                }
                None => fields.extend([const { String::new() }; 4]),
            }
            text += &fields.join(",");
            text.push('\n');
        }
        text
    }
}

/// Everything, as one record.
pub fn summary(args: &ClusterArgs, input: &Input, grouped: &Grouped, tracks: Option<&OfTracks>) -> Result<Value> {
    let columns = input.moments()?;
    let cluster = |(id, size): (usize, &u64)| {
        let mut traits: Vec<(usize, f64)> = (0..input.d)
            .filter(|&j| columns[j].1 > 0.0)
            .map(|j| (j, (grouped.centres[id * input.d + j] - columns[j].0) / columns[j].1))
            .collect();
        traits.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let told = traits.iter().take(TRAITS);
        let traits: Vec<Value> = told.map(|&(j, z)| json!({ "dimension": input.name(j), "z": z })).collect();
        let mut cluster = json!({ "id": id, "size": size, "traits": traits });
        if let Some(tracks) = tracks {
            let portrait = &tracks.portraits[id];
            let path = |track: &usize| tracks.paths[*track].clone();
            let more = json!({
                "name": portrait.name,
                "homogeneity": portrait.homogeneity,
                "alike": portrait.alike(),
                "words": portrait.telling.iter().map(|t| json!({
                    "word": t.said(), "dimension": TRACK_DIMENSIONS[t.dimension].name, "z": t.deviation,
                })).collect::<Vec<_>>(),
                "typical": portrait.medoids.iter().map(path).collect::<Vec<_>>(),
                "outliers": portrait.outliers.iter().map(|o| path(&o.track)).collect::<Vec<_>>(),
            });
            extend(&mut cluster, more);
        }
        cluster
    };
    let mut all = json!({
        "v": 1,
        "input": args.input.display().to_string(),
        "schema": input.tracks.as_ref().map(|_| TRACK_SCHEMA),
        "rows": input.rows(),
        "without_cluster": grouped.labels.iter().filter(|l| l.is_none()).count(),
        "columns": (0..input.d).map(|j| input.name(j)).collect::<Vec<_>>(),
        "method": match grouped.by { By::KMeans { .. } => "kmeans", By::Density(_) => "density" },
        "k": grouped.sizes.len(),
        "scale": grouped.scaling.name(),
        "different_rows": grouped.different,
        "in_memory": grouped.held,
    });
    extend(
        &mut all,
        match &grouped.by {
            By::Density(how) => json!({ "min_size": how.min_size, "neighbours": how.neighbours }),
            By::KMeans { found, job, choice, numbers } => json!({
                "k_max": choice.as_ref().map(|_| args.k_max),
                "starts": if job.init.is_some() || args.batch.is_some() { 1 } else { args.starts },
                "batch": args.batch,
                "seed": job.init.is_none().then_some(job.seed),
                "init": args.init.as_ref().map(|path| path.display().to_string()),
                "max_iter": job.max_iter,
                "tol": job.tol,
                "iterations": found.iterations,
                "ended": found.ended.name(),
                "inertia": found.inertia,
                "silhouette": numbers.map(|v| v.silhouette),
                "calinski_harabasz": numbers.map(|v| v.calinski_harabasz),
                "davies_bouldin": numbers.map(|v| v.davies_bouldin),
                "choice": choice.as_ref().map(of_choice),
                "rechecked": found.rechecked,
                "backend": found.backend,
                "note": found.note,
            }),
        },
    );
    extend(&mut all, json!({ "clusters": grouped.sizes.iter().enumerate().map(cluster).collect::<Vec<_>>() }));
    Ok(all)
}

fn of_choice(choice: &Choice) -> Value {
    json!({
        "k": choice.k,
        "runner_up": choice.runner_up,
        "resample_rows": choice.rows,
        "tried": choice.tried.iter().map(|t| json!({
            "k": t.k, "silhouette": t.silhouette, "spread": t.spread, "stability": t.stability,
        })).collect::<Vec<_>>(),
    })
}

fn extend(to: &mut Value, more: Value) {
    if let (Value::Object(to), Value::Object(more)) = (to, more) {
        to.extend(more);
    }
}

/// One line a cluster: id, size, and what it is: a name, or the columns in which it differs most.
pub fn lines(summary: &Value) -> Vec<String> {
    let line = |cluster: &Value| {
        let words = match cluster["name"].as_str() {
            Some(name) => {
                let typical = cluster["typical"][0].as_str().map_or(String::new(), |t| format!("\t{}", plain(t)));
                format!("{name}{typical}")
            }
            None => {
                let traits = cluster["traits"].as_array().into_iter().flatten();
                let words = |t: &Value| {
                    format!("{} {:+.1}", t["dimension"].as_str().unwrap_or_default(), t["z"].as_f64().unwrap_or(0.0))
                };
                traits.map(words).collect::<Vec<_>>().join(", ")
            }
        };
        format!("{}\t{}\t{words}", cluster["id"], cluster["size"])
    };
    summary["clusters"].as_array().into_iter().flatten().map(line).collect()
}

/// Why this number of clusters.
pub fn words_of(choice: &Choice) -> String {
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

/// `labels.npy`, `centres.npy`, `summary.json`, and for tracks `members.csv`, each whole or not at all; the summary last.
pub fn write(
    args: &ClusterArgs,
    d: usize,
    grouped: &Grouped,
    tracks: Option<&OfTracks>,
    summary: &Value,
) -> Result<()> {
    let put = |name: &str, bytes: &[u8]| -> Result<()> {
        let mut file = AtomicFile::create(&args.out.join(name))?;
        file.write(bytes)?;
        Ok(file.finish()?)
    };
    let label = |l: &Option<u32>| l.map_or(-1, |l| l as i32);
    let mut labels = npy_header(NpyType::I32, &[grouped.labels.len()]);
    labels.extend(grouped.labels.iter().flat_map(|l| label(l).to_le_bytes()));
    put("labels.npy", &labels)?;
    let mut centres = npy_header(NpyType::F64, &[grouped.sizes.len(), d]);
    centres.extend(grouped.centres.iter().flat_map(|c| c.to_le_bytes()));
    put("centres.npy", &centres)?;
    if let Some(tracks) = tracks {
        put("members.csv", tracks.csv(&grouped.labels).as_bytes())?;
    } else if let Err(e) = std::fs::remove_file(args.out.join("members.csv"))
        && e.kind() != std::io::ErrorKind::NotFound
    {
        // What an earlier run left would belong to other labels.
        return Err(e.into());
    }
    put("summary.json", format!("{summary:#}\n").as_bytes())?;
    Ok(sync_folder(&args.out)?)
}

fn quoted(text: &str) -> String {
    let mut field = String::new();
    csv_field(text, &mut field);
    field
}
