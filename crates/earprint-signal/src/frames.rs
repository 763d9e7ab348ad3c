//! Where frames lie on a clip: padding, and the grid of outputs a kernel computes.

use earprint_core::{MelJob, PadMode, Pool};

/// The outputs a kernel computes from one stretch of samples: output `j` is made from `pool_frames` frames that start at
/// `j * step + i * hop`.
///
/// Pooled sums have one order everywhere: frames are added in chunks of `chunk` frames, ascending inside a chunk from its
/// first frame, then chunk by chunk ascending. A chunk is what two neighbouring windows share, so it is summed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameGrid {
    /// Samples from one output to the next.
    pub step: usize,
    /// Samples from one frame to the next inside an output.
    pub hop: usize,
    /// Frames of one output; 1 where nothing is pooled.
    pub pool_frames: usize,
    /// Frames of one chunk; divides the order of the sum, not the value it approximates.
    pub chunk: usize,
    /// Points of a frame.
    pub n_fft: usize,
}

impl FrameGrid {
    /// The grid of a job. With windows it covers every distinct window (pooled, or of one frame), or every frame of the
    /// finest grid on which all windows lie.
    pub fn of(job: &MelJob) -> Self {
        let spec = &job.spec;
        let plain = |step| Self { step, hop: spec.hop_length, pool_frames: 1, chunk: 1, n_fft: spec.n_fft };
        let Some(w) = &job.windows else { return plain(spec.hop_length) };
        let step = w.distinct_step();
        let per_window = spec.frames(w.short_length);
        match job.pool {
            _ if per_window == 1 => plain(step),
            Pool::MeanPower => {
                let shared = step / spec.hop_length;
                // Without overlap, or off the hop's grid, there is nothing to share: one chunk is the window.
                let sharing = step % spec.hop_length == 0 && shared < per_window;
                let chunk = if sharing { shared } else { per_window };
                Self { step, hop: spec.hop_length, pool_frames: per_window, chunk, n_fft: spec.n_fft }
            }
            Pool::None => plain(gcd(step, spec.hop_length)),
        }
    }

    /// Samples that `outputs` outputs read.
    pub fn samples(&self, outputs: usize) -> usize {
        if outputs == 0 { 0 } else { (outputs - 1) * self.step + (self.pool_frames - 1) * self.hop + self.n_fft }
    }

    /// Outputs that fit into `samples`.
    pub fn outputs(&self, samples: usize) -> usize {
        let one = self.samples(1);
        if samples < one { 0 } else { 1 + (samples - one) / self.step }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Appends a clip as the frames see it: cut or zero-padded to the windows' length, or padded on both sides for a centred
/// analysis, or as it is. `(N)` in, `(N')` appended; frame `t` of the job starts at sample `t * hop_length` of it.
///
/// Reflection follows `numpy.pad(mode="reflect")`: it folds again where the clip is shorter than the padding.
pub fn pad_into<T: Copy + Default>(clip: &[T], job: &MelJob, out: &mut Vec<T>) {
    let before = out.len();
    if let Some(w) = &job.windows {
        out.extend_from_slice(&clip[..clip.len().min(w.clip_samples)]);
        out.resize(before + w.clip_samples, T::default());
        return;
    }
    if !job.spec.center {
        out.extend_from_slice(clip);
        return;
    }
    let pad = job.spec.n_fft / 2;
    match job.spec.pad_mode {
        PadMode::Zero => {
            out.resize(before + pad, T::default());
            out.extend_from_slice(clip);
            out.resize(before + clip.len() + 2 * pad, T::default());
        }
        PadMode::Reflect => {
            let n = clip.len() as isize;
            let period = (2 * (n - 1)).max(1);
            let at = |i: isize| {
                let k = i.rem_euclid(period);
                clip[if k < n { k } else { period - k } as usize]
            };
            if n > 0 {
                out.extend((-(pad as isize)..0).map(at));
                out.extend_from_slice(clip);
                out.extend((n..n + pad as isize).map(at));
            }
        }
    }
}

/// [`pad_into`] a new vector.
pub fn pad_clip<T: Copy + Default>(clip: &[T], job: &MelJob) -> Vec<T> {
    let mut out = Vec::new();
    pad_into(clip, job, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_of_the_presets() {
        let grid = |name| FrameGrid::of(&MelJob::preset(name).unwrap());
        let g = grid("leak");
        assert_eq!((g.step, g.pool_frames, g.outputs(40_960)), (256, 1, 159));
        let g = grid("leak-64");
        assert_eq!((g.step, g.hop, g.pool_frames, g.chunk, g.outputs(40_960)), (256, 16, 29, 16, 159));
        let g = grid("librosa");
        assert_eq!((g.step, g.outputs(2048 + 512)), (512, 2));
        let mut all = MelJob::preset("leak-64").unwrap();
        all.pool = Pool::None;
        assert_eq!(FrameGrid::of(&all).outputs(40_960), 2557);
    }

    #[test]
    fn reflection_folds_like_numpy() {
        let mut job = MelJob::preset("whisper").unwrap();
        job.spec.n_fft = 10;
        assert_eq!(pad_clip(&[1, 2, 3], &job), [2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2]);
        assert_eq!(pad_clip(&[7], &job), [7; 11]);
        assert_eq!(pad_clip::<i32>(&[], &job), []);
    }

    #[test]
    fn leak_clips_are_cut_or_padded() {
        let job = MelJob::preset("leak").unwrap();
        assert_eq!(pad_clip(&vec![1_i16; 50_000], &job).len(), 40_960);
        assert_eq!(pad_clip(&[5_i16], &job).iter().map(|&x| i32::from(x)).sum::<i32>(), 5);
    }
}
