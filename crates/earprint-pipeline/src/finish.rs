//! The last stage: what a backend returned for one input becomes the array its reader wants.

use earprint_compute::{Dtype, MelPlan, MelValues};
use earprint_signal::{f16_from_f32, finish_file};

/// The numbers of one input, C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// `(rows, M, frames)` for jobs with windows, `(1, M, T)` without.
    pub shape: [usize; 3],
    /// Values.
    pub values: MelValues,
}

/// Values `(T, M)` of the grid's outputs as the job defines them: rows from distinct windows, or floors and the
/// `(M, T)` layout; rounded to `dtype`.
pub fn finish(values: MelValues, plan: &MelPlan, dtype: Dtype) -> Features {
    let bands = plan.job.spec.n_mels;
    if let Some(w) = &plan.job.windows {
        let frames = plan.job.frames_per_row();
        // Grid outputs from one window start to the next, and from one of its frames to the next.
        let per_start = w.distinct_step() / plan.grid.step;
        let per_frame = plan.job.spec.hop_length / plan.grid.step.min(plan.job.spec.hop_length);
        let starts: Vec<usize> = (0..w.longs())
            .flat_map(|l| (0..w.shorts_per_long()).map(move |s| w.start(l, s) / w.distinct_step() * per_start))
            .collect();
        let shape = [w.rows(), bands, frames];
        let values = match values {
            MelValues::F16(v) => MelValues::F16(rows(&v, &starts, bands, frames, per_frame)),
            MelValues::F32(v) if dtype == Dtype::F16 => {
                MelValues::F16(rows(&halves(&v), &starts, bands, frames, per_frame))
            }
            MelValues::F32(v) => MelValues::F32(rows(&v, &starts, bands, frames, per_frame)),
        };
        return Features { shape, values };
    }
    let outputs = |len: usize| len / bands;
    match values {
        MelValues::F16(v) => Features { shape: [1, bands, outputs(v.len())], values: MelValues::F16(turn(&v, bands)) },
        MelValues::F32(mut v) => {
            finish_file(&mut v, &plan.job.spec);
            let turned = turn(&v, bands);
            let values = if dtype == Dtype::F16 { MelValues::F16(halves(&turned)) } else { MelValues::F32(turned) };
            Features { shape: [1, bands, outputs(v.len())], values }
        }
    }
}

fn halves(v: &[f32]) -> Vec<u16> {
    v.iter().map(|&x| f16_from_f32(x)).collect()
}

/// `(rows, M, frames)`: row `r` holds grid outputs `starts[r] + frame * per_frame`.
fn rows<T: Copy + Default>(v: &[T], starts: &[usize], bands: usize, frames: usize, per_frame: usize) -> Vec<T> {
    let mut out = Vec::with_capacity(starts.len() * bands * frames);
    if frames == 1 {
        for &s in starts {
            out.extend_from_slice(&v[s * bands..(s + 1) * bands]);
        }
        return out;
    }
    for &s in starts {
        for m in 0..bands {
            out.extend((0..frames).map(|f| v[(s + f * per_frame) * bands + m]));
        }
    }
    out
}

/// `(T, M)` to `(M, T)`, in tiles that stay in the cache.
fn turn<T: Copy + Default>(v: &[T], bands: usize) -> Vec<T> {
    const TILE: usize = 32;
    let outputs = v.len() / bands;
    let mut out = vec![T::default(); v.len()];
    for t0 in (0..outputs).step_by(TILE) {
        for m in 0..bands {
            for t in t0..outputs.min(t0 + TILE) {
                out[m * outputs + t] = v[t * bands + m];
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use earprint_core::{MelJob, Pool};

    #[test]
    fn rows_come_from_their_windows() {
        let plan = MelPlan::new(MelJob::preset("leak").unwrap(), Dtype::F32).unwrap();
        // Output d holds the value 100 d + band.
        let v = (0..159 * 32).map(|i| (100 * (i / 32) + i % 32) as f32).collect();
        let f = finish(MelValues::F32(v), &plan, Dtype::F32);
        assert_eq!(f.shape, [237, 32, 1]);
        let MelValues::F32(v) = f.values else { panic!() };
        // Row 4 is long 1, short 1: start 512 + 256 = 768, distinct window 3.
        assert_eq!((v[4 * 32], v[4 * 32 + 31]), (300.0, 331.0));
        assert_eq!(v[236 * 32], 15_800.0);
    }

    #[test]
    fn frames_of_a_row_are_a_hop_apart() {
        let mut job = MelJob::preset("leak-64").unwrap();
        job.pool = Pool::None;
        let plan = MelPlan::new(job, Dtype::F16).unwrap();
        let v = (0..2557 * 32).map(|i| (i / 32) as u16).collect();
        let f = finish(MelValues::F16(v), &plan, Dtype::F16);
        assert_eq!(f.shape, [237, 32, 29]);
        let MelValues::F16(v) = f.values else { panic!() };
        // Row 1: start 256 = 16 hops; band 5, frame 28.
        assert_eq!(v[(32 + 5) * 29 + 28], 16 + 28);
    }

    #[test]
    fn turning_by_hand() {
        assert_eq!(turn(&[1, 2, 3, 4, 5, 6], 2), [1, 3, 5, 2, 4, 6]);
    }
}
