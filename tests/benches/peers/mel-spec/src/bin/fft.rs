//! What sameness costs: the whole mel of a frame by the lane kernel (window, transform, power, bank, logarithm, layout)
//! beside realfft's transform of that size alone, one thread, in one run. Spectra are compared before the clock starts.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use earprint_core::{Log, MelJob, MelNorm, Power};
use earprint_signal::{FrameGrid, Layout, MelKernel, MelTables, Out, PcmSlice, Scratch, Width};
use realfft::RealFftPlanner;

const FRAMES: usize = 512;
const ROUNDS: usize = 9;

fn main() {
    for n_fft in [400, 512, 800, 1024, 2048, 4096] {
        let mut job = MelJob::preset("librosa").expect("a preset");
        let hop = n_fft / 4;
        (job.spec.n_fft, job.spec.win_length, job.spec.hop_length, job.spec.center) = (n_fft, n_fft, hop, false);
        job.spec.log = Log::Db { amin: 1e-10, reference: 1.0, top_db: None };
        let samples: Vec<f32> =
            (0..n_fft + (FRAMES - 1) * hop).map(|i| ((i as u32).wrapping_mul(2_654_435_761) as i32) as f32 / 3e9).collect();

        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(n_fft);
        let (mut input, mut output) = (fft.make_input_vec(), fft.make_output_vec());
        let mut room = fft.make_scratch_vec();
        check(&job, &samples, n_fft);
        let mut frames = vec![0.0; FRAMES * job.spec.n_mels];
        let mut scratch = Scratch::default();
        let tables = Arc::new(MelTables::new(&job.spec));
        let mut line = format!("{n_fft:>5}");
        for width in Width::available() {
            let kernel = MelKernel::new(&job.spec, tables.clone(), FrameGrid::of(&job), width);
            let ns = least(|| {
                let out = Out::F32(&mut frames);
                kernel.run(PcmSlice::F32(&samples), FRAMES, Layout::TimeMajor, out, &mut scratch);
            });
            line += &format!("  {} {ns:>6.0}", width.name());
        }
        let ns = least(|| {
            for t in 0..FRAMES {
                input.copy_from_slice(&samples[t * hop..t * hop + n_fft]);
                fft.process_with_scratch(&mut input, &mut output, &mut room).expect("lengths fit");
                black_box(&output);
            }
        });
        println!("{line}  realfft alone {ns:>6.0}   (ns a frame)");
    }
}

/// Nanoseconds a frame, the least of the rounds.
fn least(mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        work();
        best = best.min(started.elapsed().as_secs_f64());
    }
    1e9 * best / FRAMES as f64
}

/// The kernel's linear power of a one-band bank against the same sum over realfft's bins.
fn check(job: &MelJob, samples: &[f32], n_fft: usize) {
    let mut job = job.clone();
    (job.spec.n_mels, job.spec.log, job.spec.norm, job.spec.power) = (1, Log::None, MelNorm::None, Power::Power);
    let tables = Arc::new(MelTables::new(&job.spec));
    let kernel = MelKernel::new(&job.spec, tables.clone(), FrameGrid::of(&job), Width::best());
    let mut got = vec![0.0];
    kernel.run(PcmSlice::F32(samples), 1, Layout::TimeMajor, Out::F32(&mut got), &mut Scratch::default());
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(n_fft);
    let (mut input, mut output) = (fft.make_input_vec(), fft.make_output_vec());
    for (i, x) in input.iter_mut().enumerate() {
        *x = samples[i] * 2.0 * tables.half_window[i];
    }
    fft.process(&mut input, &mut output).expect("lengths fit");
    let first = tables.bank.first_bin[0] as usize;
    let want: f32 = tables.bank.weights.iter().zip(&output[first..]).map(|(w, z)| w * z.norm_sqr()).sum();
    assert!((got[0] - want).abs() <= 1e-4 * want, "n_fft {n_fft}: {} and {want}: not timed", got[0]);
}
