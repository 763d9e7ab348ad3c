use earprint_core::MelJob;
use earprint_signal::*;
use earprint_tests::signals;
use std::{sync::Arc, time::Instant};
fn main() {
    for (name, secs) in [("leak-64", 10.0), ("leak", 10.0), ("librosa", 60.0), ("whisper", 30.0)] {
        let job = MelJob::preset(name).unwrap();
        let n = (secs * job.spec.sample_rate as f64) as usize;
        let clip = pad_clip(&signals::varied_i16(1, n, job.spec.sample_rate.into()), &job);
        let grid = FrameGrid::of(&job);
        let outputs = grid.outputs(clip.len());
        for w in Width::available() {
            let k = MelKernel::new(&job.spec, Arc::new(MelTables::new(&job.spec)), grid, w);
            let mut out = vec![0u16; outputs * job.spec.n_mels];
            let mut s = Scratch::default();
            let mut best = f64::MAX;
            for _ in 0..7 {
                let t = Instant::now();
                let reps = if name.starts_with("leak") { 50 } else { 3 };
                for _ in 0..reps {
                    k.run(PcmSlice::I16(&clip), outputs, Layout::TimeMajor, Out::F16(&mut out), &mut s);
                }
                best = best.min(t.elapsed().as_secs_f64() / reps as f64);
            }
            println!(
                "{name} {} {:.1} us a clip of {secs} s, {:.0} ns an output",
                w.name(),
                best * 1e6,
                best * 1e9 / outputs as f64
            );
        }
    }
}
