//! How far a device that fuses products and sums leads from the CPU's numbers: the bounds of `TRACK_DIMENSIONS`.
//!
//! No such device is at hand, so the emulated kernels are compiled to fuse wherever the compiler can. Measured on
//! 2026-11-21; what drivers of cards do is for `earprint verify` to tell, which holds them to the same bounds.

use earprint_compute::{Machine, TrackRecorder};
use earprint_core::{DIMENSIONS, TRACK_DIMENSIONS};
use earprint_cuda::emulate::Rounding;
use earprint_features::OwnedSegment;
use earprint_signal::Width;
use earprint_tests::backends::emulated_machine::EmulatedMachine;
use earprint_tests::track::{clicks, noise, numbers_by, rows_of, sine};

#[test]
fn fused_rounding_stays_within_the_bounds() {
    let mut machine = match EmulatedMachine::with_rounding(Rounding::Fused) {
        Ok(machine) => machine,
        Err(why) => return println!("skipped, because {why}"),
    };
    let recorder = TrackRecorder::new();
    let mut fused = |segment: &OwnedSegment| {
        let ticket = machine.submit(&recorder.record(&[segment.view()])).unwrap_or_else(|e| panic!("{e}"));
        let words = pollster::block_on(machine.collect(ticket)).unwrap_or_else(|e| panic!("{e}"));
        words.into_iter().map(f32::from_bits).collect::<Vec<f32>>()
    };
    let mix = |a: Vec<f32>, b: Vec<f32>| -> Vec<f32> { a.iter().zip(&b).map(|(a, b)| a + b).collect() };
    let tracks = [
        mix(clicks(133.0, 5.0), mix(sine(261.6, 0.2, 5.0), noise(4, 0.02, 5.0))),
        mix(sine(110.0, 0.3, 3.5), mix(sine(554.4, 0.1, 3.5), noise(5, 0.001, 3.5))),
        noise(6, 0.3, 3.2),
    ];
    let mut largest = [0.0_f64; DIMENSIONS];
    let mut rows_differ = 0;
    for samples in tracks {
        let planes = [samples];
        let want = numbers_by(&planes, 200, |s| rows_of(std::slice::from_ref(s), Width::best())).descriptor;
        let got = numbers_by(&planes, 200, |s| {
            let rows = fused(s);
            let cpu = rows_of(std::slice::from_ref(s), Width::best());
            rows_differ += rows.iter().zip(&cpu).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
            rows
        })
        .descriptor;
        assert_eq!(got.why, want.why);
        for d in 0..DIMENSIONS {
            let (a, b) = (f64::from(want.values[d]), f64::from(got.values[d]));
            if a.is_finite() {
                largest[d] = largest[d].max((a - b).abs());
            }
        }
    }
    assert!(rows_differ > 10_000, "fusing shows in the rows: {rows_differ} values");
    let mut beyond = Vec::new();
    for (dimension, largest) in TRACK_DIMENSIONS.iter().zip(largest) {
        let bound = dimension.device_bound;
        println!("{:<22} {largest:>9.1e} {bound:>9.1e} {}", dimension.name, dimension.unit);
        if largest > bound {
            beyond.push(dimension.name);
        }
    }
    assert!(beyond.is_empty(), "beyond their bounds: {beyond:?}");
}
