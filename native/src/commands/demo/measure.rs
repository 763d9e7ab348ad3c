//! The demo's results, read back from the files that `mel` wrote, and simple statistics of them.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use earprint_core::{Log, MelNorm, Status};
use earprint_signal::f32_from_f16;
use earprint_store::{FileEntry, Manifest, NpyArray};

use crate::commands::spec::band_hz;

/// Frames this much quieter than the loudest one do not count, dB.
const QUIET_DB: f64 = 60.0;

/// Everything the report tells.
pub struct Analysis {
    /// What `mel --preset librosa` says of its run.
    pub librosa: Manifest,
    /// What `mel --preset leak-64` says of its run.
    pub leak: Manifest,
    /// `(rows, 32)` of the leak-64 run, dB.
    pub leak_rows: Vec<f32>,
    /// One for each file with features, in the order of the manifest.
    pub files: Vec<Measured>,
}

/// One file.
pub struct Measured {
    /// Its entry in the manifest.
    pub entry: FileEntry,
    /// Values `(M, T)`, dB.
    pub values: Vec<f32>,
    /// T.
    pub frames: usize,
    /// Centre of the band with the largest mean power, Hz.
    pub loudest_hz: f64,
    /// Median over frames of the centroid of the band powers, Hz.
    pub centroid_hz: f64,
}

impl Analysis {
    /// Reads the folders of both runs.
    pub fn read(librosa: &Path, leak: &Path) -> Result<Self> {
        let folder = librosa;
        let librosa = Manifest::read(folder)?;
        let spec = &librosa.job.spec;
        ensure!(matches!(spec.log, Log::Db { .. }) && spec.norm == MelNorm::Slaney, "the preset librosa gives dB");
        let edges = band_hz(spec);
        let mut files = Vec::new();
        for entry in librosa.files.iter().filter(|e| matches!(e.status, Status::Ok | Status::Partial)) {
            let name = entry.features.as_ref().context("a file of this preset has its own array")?;
            let (shape, values) = values(&folder.join(name))?;
            ensure!(shape[..] == [edges.len(), entry.rows as usize], "{name} has shape {shape:?}");
            let (loudest_hz, centroid_hz) = statistics(&values, &edges);
            files.push(Measured { entry: entry.clone(), values, frames: shape[1], loudest_hz, centroid_hz });
        }
        let (_, leak_rows) = values(&leak.join("features.npy"))?;
        Ok(Self { leak: Manifest::read(leak)?, librosa, leak_rows, files })
    }

    /// Length of all sounds together, seconds.
    pub fn seconds(&self) -> f64 {
        self.files.iter().map(Measured::seconds).sum()
    }
}

impl Measured {
    /// Length of the sound, seconds.
    pub fn seconds(&self) -> f64 {
        self.entry.frames_read as f64 / f64::from(self.entry.sample_rate)
    }
}

/// Shape and values of an array of either type.
fn values(path: &Path) -> Result<(Vec<usize>, Vec<f32>)> {
    let array = NpyArray::read(path)?;
    let values = match array.header.descr.as_str() {
        "<f2" => array.u16().into_iter().map(f32_from_f16).collect(),
        _ => array.f32(),
    };
    Ok((array.header.shape, values))
}

/// Centre of the loudest band and median centroid, Hz. In: dB `(M, T)` of area-normalised bands, their edges `(M, 3)`.
fn statistics(values: &[f32], edges: &[[f64; 3]]) -> (f64, f64) {
    let frames = values.len() / edges.len();
    let power = |m: usize, t: usize| 10.0_f64.powf(f64::from(values[m * frames + t]) / 10.0);
    let mean = |m: usize| (0..frames).map(|t| power(m, t)).sum::<f64>();
    let sums: Vec<f64> = (0..edges.len()).map(mean).collect();
    let loudest = (0..edges.len()).max_by(|&a, &b| sums[a].total_cmp(&sums[b])).expect("at least one band");
    // An area-normalised band holds power per hertz; times its width it is power again.
    let width = |m: usize| (edges[m][2] - edges[m][0]) / 2.0;
    let (mut totals, mut centroids) = (Vec::new(), Vec::new());
    for t in 0..frames {
        let (mut total, mut moment) = (0.0, 0.0);
        for (m, edge) in edges.iter().enumerate() {
            let p = power(m, t) * width(m);
            total += p;
            moment += p * edge[1];
        }
        totals.push(total);
        centroids.push(moment / total);
    }
    let most = totals.iter().fold(0.0_f64, |a, &b| a.max(b));
    let least = most * 10.0_f64.powf(-QUIET_DB / 10.0);
    let mut counted: Vec<f64> = centroids.into_iter().zip(&totals).filter(|(_, t)| **t > least).map(|c| c.0).collect();
    counted.sort_by(f64::total_cmp);
    let median = counted.get(counted.len() / 2).copied().unwrap_or(f64::NAN);
    (edges[loudest][1], median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_by_hand() {
        // Two bands 0-100-200 and 100-200-400 Hz, widths 100 and 150; frame 2 is 80 dB down and does not count.
        let edges = [[0.0, 100.0, 200.0], [100.0, 200.0, 400.0]];
        let values = [0.0, -300.0, -300.0, -300.0, 10.0, -70.0];
        let (loudest, centroid) = statistics(&values, &edges);
        assert_eq!(loudest, 200.0);
        // Frame 0 lies at 100 Hz, frame 1 at 200 Hz; of two the upper one is the median.
        assert!((centroid - 200.0).abs() < 1e-6, "{centroid}");
        let (_, both) = statistics(&[0.0, 0.0], &edges);
        assert!((both - (100.0 * 100.0 + 150.0 * 200.0) / 250.0).abs() < 1e-6, "{both}");
    }
}
