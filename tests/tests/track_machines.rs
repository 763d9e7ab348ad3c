//! Rows of the track descriptor on every GPU there is, and on those made of host memory, against the CPU's.

use earprint_compute::{ComputeError, Machine, Room, TrackBytes, TrackRecorder};
use earprint_cuda::CudaMachine;
use earprint_features::OwnedSegment;
use earprint_signal::Width;
use earprint_signal::track::row::ROW;
use earprint_tests::backends::emulated_machine::EmulatedMachine;
use earprint_tests::backends::vulkan::on_every_driver;
use earprint_tests::compare::equal_bits;
use earprint_tests::track::{clicks, noise, rows_of, segments, sine};
use earprint_wgpu::{AdapterChoice, WgpuMachine, adapters};

/// Segments of tracks that differ in everything: lengths from one sample on, silence, tones, noise, cuts.
fn corpus(long: f64) -> Vec<OwnedSegment> {
    let mix = |a: Vec<f32>, b: Vec<f32>| -> Vec<f32> { a.iter().zip(&b).map(|(a, b)| a + b).collect() };
    let song = mix(mix(clicks(131.0, long), sine(329.6, 0.2, long)), noise(5, 0.01, long));
    let tracks = [
        (vec![0.25], 1024),
        (song.clone(), 1024),
        (vec![0.0; 9000], 1024),
        (song[2000..60_000.min(song.len())].to_vec(), 7),
        (noise(9, 0.4, 0.45), 16),
        (mix(sine(65.4, 0.5, 0.3), sine(2000.0, 0.1, 0.3)), 1024),
    ];
    tracks.iter().flat_map(|(samples, frames)| segments(std::slice::from_ref(samples), *frames)).collect()
}

/// Rows of segments on a machine, `batch` segments at a time, two recordings under way where it can.
fn on_machine(machine: &mut dyn Machine, segments: &[&OwnedSegment], batch: usize) -> Result<Vec<f32>, ComputeError> {
    let recorder = TrackRecorder::new();
    let (mut rows, mut under_way) = (Vec::new(), std::collections::VecDeque::new());
    for some in segments.chunks(batch) {
        if under_way.len() == machine.depth() {
            let ticket = under_way.pop_front().expect("one is under way");
            rows.extend(pollster::block_on(machine.collect(ticket))?);
        }
        let views: Vec<_> = some.iter().map(|s| s.view()).collect();
        under_way.push_back(machine.submit(&recorder.record(&views))?);
    }
    for ticket in under_way {
        rows.extend(pollster::block_on(machine.collect(ticket))?);
    }
    Ok(rows.into_iter().map(f32::from_bits).collect())
}

/// Equal bits in any batches, in any order.
fn check(name: &str, machine: &mut dyn Machine, long: f64) {
    let corpus = corpus(long);
    let want = rows_of(&corpus, Width::Scalar);
    assert!(want.iter().all(|v| v.is_finite()));
    let straight: Vec<&OwnedSegment> = corpus.iter().collect();
    for batch in [1, 7, 50] {
        let got = on_machine(machine, &straight, batch).unwrap_or_else(|e| panic!("{name}: {e}"));
        same(&want, &got).unwrap_or_else(|why| panic!("{name}, batches of {batch}: {why}"));
    }
    let backwards: Vec<&OwnedSegment> = corpus.iter().rev().collect();
    let got = on_machine(machine, &backwards, 5).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut end = got.len();
    let turned: Vec<f32> = corpus
        .iter()
        .flat_map(|s| {
            end -= s.frames * ROW;
            got[end..end + s.frames * ROW].to_vec()
        })
        .collect();
    same(&want, &turned).unwrap_or_else(|why| panic!("{name}, backwards: {why}"));

    // A disturbed sample shows.
    let mut other = corpus[1].clone();
    other.pcm[50_000] += 1e-3;
    let got = on_machine(machine, &[&other], 1).unwrap();
    assert!(same(&rows_of(&corpus[1..2], Width::Scalar), &got).is_err(), "{name} does not see a sample");
    println!("{name}: {} rows of {} segments, equal bits", want.len() / ROW, corpus.len());
}

/// Equal bits, or the first row and column that differ.
fn same(want: &[f32], got: &[f32]) -> Result<(), String> {
    let differ: Vec<usize> =
        (0..want.len().min(got.len())).filter(|&i| want[i].to_bits() != got[i].to_bits()).collect();
    let columns: std::collections::BTreeSet<usize> = differ.iter().map(|i| i % ROW).collect();
    equal_bits(want, got).map_err(|why| match differ.first() {
        Some(i) => {
            let (row, column) = (i / ROW, i % ROW);
            format!("{why}; {} values in columns {columns:?}; first: row {row}, column {column}", differ.len())
        }
        None => why,
    })
}

#[test]
fn cuda_emulated() {
    match EmulatedMachine::open() {
        Ok(mut machine) => check("cuda-emulated", &mut machine, 0.6),
        Err(why) => println!("cuda-emulated: skipped, because {why}"),
    }
}

/// [`CudaMachine`] itself, streams, page-locked memory and all, on a machine made of host memory.
#[cfg(unix)]
#[test]
fn cuda_on_host() {
    use earprint_cuda::emulate::{EmulateError, HostDriver};
    let host = match HostDriver::new() {
        Ok(host) => std::rc::Rc::new(host),
        Err(EmulateError::NoCompiler(why)) => return println!("cuda-on-host: skipped, because {why}"),
        Err(other) => panic!("{other}"),
    };
    let device = host.open().and_then(|driver| driver.device(0)).unwrap_or_else(|e| panic!("{e}"));
    let loader = host.clone();
    let load =
        Box::new(move |device: &_, kernel: &_| Ok(loader.load(device, kernel).unwrap_or_else(|e| panic!("{e}"))));
    let mut machine = CudaMachine::on(device, load, Some(48 << 20)).unwrap_or_else(|e| panic!("{e}"));
    check("cuda-on-host", &mut machine, 0.6);

    // Too little memory is said, and half a batch may fit; a lost device is said for good.
    let corpus = corpus(0.6);
    let mut outcome = |copies: usize| match on_machine(&mut machine, &vec![&corpus[1]; copies], copies) {
        Ok(rows) => Ok(rows.len() / ROW),
        Err(error) => Err(error.code()),
    };
    let frames = corpus[1].frames;
    host.limit_memory(1 << 20);
    // More than the buffers of the batches before hold.
    assert_eq!(outcome(20), Err("E_GPU_MEMORY"));
    host.limit_memory(1 << 30);
    assert_eq!(outcome(1), Ok(frames));
    assert_eq!(outcome(20), Ok(20 * frames));
    host.lose();
    assert_eq!(outcome(1), Err("E_GPU_LOST"));
    assert_eq!(outcome(1), Err("E_GPU_LOST"), "for good");
    drop(machine);
    // Page-locked memory of a lost context stays locked until the process ends (see `Staging`).
    let live = earprint_cuda::emulate::Live { staging: 0, ..host.live() };
    assert_eq!(live, earprint_cuda::emulate::Live::default(), "everything is given back");
}

#[test]
fn cuda() {
    match CudaMachine::open(earprint_cuda::Options::default()) {
        Ok(mut machine) => check("cuda", &mut machine, 70.0),
        Err(error) => println!("cuda: skipped, because {}", absent(error)),
    }
}

#[test]
fn wgpu() {
    on_every_driver("tracks_on_one_driver");
}

#[test]
#[ignore = "run by `wgpu`"]
fn tracks_on_one_driver() {
    let found = pollster::block_on(adapters());
    if found.is_empty() {
        println!("skipped, because this driver finds no device");
    }
    for (index, line) in found.into_iter().enumerate() {
        let adapter = AdapterChoice::Index(index);
        let options = earprint_wgpu::Options { adapter, allow_software: true, ..earprint_wgpu::Options::default() };
        let mut machine = pollster::block_on(WgpuMachine::open(options)).unwrap_or_else(|e| panic!("{e}"));
        check(&line.name, &mut machine, 2.0);
        machine.lose_for_test();
        let corpus = corpus(0.6);
        let lost = on_machine(&mut machine, &[&corpus[0]], 1).unwrap_err();
        assert_eq!(lost.code(), "E_GPU_LOST", "{lost}");
    }
}

/// Why a device is skipped. One that is there and does not open is no skip.
fn absent(error: ComputeError) -> String {
    assert!(["E_GPU_LIBRARY", "E_GPU_NO_DEVICE"].contains(&error.code()), "{error}");
    error.to_string()
}

#[test]
fn what_has_no_room_is_refused_before_it_starts() {
    let Ok(machine) = EmulatedMachine::open() else { return };
    let corpus = corpus(0.6);
    let bytes = TrackBytes::of(corpus[1].frames);
    let exact = Room { largest_buffer: bytes.largest(), total: bytes.total + (1 << 20) };
    let mut machine = machine.with_room(exact);
    assert!(bytes.fits(machine.room()));
    on_machine(&mut machine, &[&corpus[1]], 1).unwrap();
    let refused = on_machine(&mut machine, &[&corpus[1], &corpus[1]], 2).unwrap_err();
    assert_eq!(refused.code(), "E_GPU_MEMORY");
}
