//! Worker count, batch size, order and device change no number of any track; and what goes wrong on a device costs no track.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use earprint_audio::walk::{WalkEntry, WalkOptions, walk};
use earprint_compute::{ComputeError, Machine, TrackRecorder};
use earprint_core::{Status, TrackRecord};
use earprint_cuda::CudaMachine;
use earprint_features::OwnedSegment;
use earprint_pipeline::tracks::{
    Batches, CpuMakers, DeviceRows, RowMakers, TrackFate, TrackJob, TrackProgress, run_tracks,
};
use earprint_signal::Width;
use earprint_tests::backends::emulated_machine::EmulatedMachine;
use earprint_tests::backends::machine_doubles::{Fault, Faulty};
use earprint_tests::backends::vulkan::on_every_driver;
use earprint_tests::track::{clicks, noise, rows_of, segments, sine};
use earprint_wgpu::{AdapterChoice, WgpuMachine, adapters};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("earprint-workers-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A folder of short tracks of every kind, one of them no sound at all.
fn folder(longest: f64) -> Folder {
    let folder = Folder::new();
    let mix = |a: Vec<f32>, b: Vec<f32>| -> Vec<f32> { a.iter().zip(&b).map(|(a, b)| a + b).collect() };
    let tracks = [
        ("a-song.wav", mix(clicks(120.0, longest), sine(440.0, 0.1, longest))),
        ("b-tone.wav", sine(196.0, 0.5, 0.1)),
        ("c-silence.wav", vec![0.0; 4500]),
        ("d-noise.wav", noise(3, 0.3, 0.15)),
        ("e-one.wav", vec![0.5]),
        ("f-other.wav", mix(noise(8, 0.05, longest / 2.0), sine(1046.5, 0.3, longest / 2.0))),
    ];
    for (name, samples) in tracks {
        std::fs::write(folder.path().join(name), wav(&samples)).expect("a file");
    }
    std::fs::write(folder.path().join("g-broken.wav"), b"RIFF and then nothing").expect("a file");
    folder
}

/// A mono WAV of 32-bit floats at 44,100 Hz.
fn wav(samples: &[f32]) -> Vec<u8> {
    let data = samples.len() as u32 * 4;
    let mut out = Vec::new();
    out.extend(b"RIFF");
    out.extend((36 + data).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    out.extend([3_u16, 1].map(u16::to_le_bytes).concat());
    out.extend([44_100_u32, 44_100 * 4].map(u32::to_le_bytes).concat());
    out.extend([4_u16, 32].map(u16::to_le_bytes).concat());
    out.extend(b"data");
    out.extend(data.to_le_bytes());
    out.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
    out
}

fn inputs(folder: &Path) -> Vec<WalkEntry> {
    walk(&[folder.to_path_buf()], &WalkOptions::default())
}

/// The records of a run, by path.
fn run(inputs: Vec<WalkEntry>, workers: usize, makers: Arc<dyn RowMakers>) -> BTreeMap<PathBuf, TrackRecord> {
    run_within(inputs, workers, makers, None)
}

/// [`run`] with a time limit for each file.
fn run_within(
    inputs: Vec<WalkEntry>,
    workers: usize,
    makers: Arc<dyn RowMakers>,
    limit: Option<Duration>,
) -> BTreeMap<PathBuf, TrackRecord> {
    let job = TrackJob { segment_frames: 16, limit, ..TrackJob::new(inputs, workers, 8 << 30) };
    let (progress, mut records) = (Arc::new(TrackProgress::default()), BTreeMap::new());
    let done = run_tracks(&job, makers, &progress, &|| false, &mut |result| {
        if let Some((_, fate)) = result {
            let TrackFate::Record(record) = fate else { panic!("nothing is known") };
            records.insert(PathBuf::from(&record.path), *record);
        }
        Ok(())
    });
    assert_eq!(done, Ok(job.inputs.len()));
    records
}

/// A record as it is compared: numbers by their text, which tells every bit, but not what computed them.
fn numbers(records: &BTreeMap<PathBuf, TrackRecord>) -> Vec<String> {
    let same = |r: &TrackRecord| TrackRecord { backend: None, detail: None, ..r.clone() };
    let sound = |r: &TrackRecord| r.status != Status::Error;
    records.values().map(|r| format!("{:?} {:?}", same(r), r.detail.as_ref().filter(|_| !sound(r)))).collect()
}

/// Opens a machine on the thread that will own it.
type Open = Arc<dyn Fn() -> Result<Box<dyn Machine>, ComputeError> + Send + Sync>;

fn device(open: &Open, segments: usize) -> DeviceRows {
    let open = open.clone();
    DeviceRows::open(move || open(), Some(segments)).unwrap_or_else(|e| panic!("{e}"))
}

/// Every number of workers with every size of batch, inputs in both orders.
fn check(name: &str, open: &Open, longest: f64) {
    let folder = folder(longest);
    let want = numbers(&run(inputs(folder.path()), 1, Arc::new(CpuMakers)));
    for workers in [1, 2, 4] {
        for segments in [1, 7, 50] {
            let mut inputs = inputs(folder.path());
            if (workers + segments) % 2 == 0 {
                inputs.reverse();
            }
            let records = run(inputs, workers, Arc::new(device(open, segments)));
            assert_eq!(numbers(&records), want, "{name}: {workers} workers, batches of {segments}");
            let by = |r: &&TrackRecord| r.backend.as_deref() == Some(name);
            assert_eq!(records.values().filter(by).count(), 6, "{name} computed every track: {records:?}");
        }
    }
    println!("{name}: 1, 2, 4 workers with batches of 1, 7, 50: the records of the cpu");
}

#[test]
fn workers_and_order_change_nothing_on_the_cpu() {
    let folder = folder(3.0);
    let want = run(inputs(folder.path()), 1, Arc::new(CpuMakers));
    assert_eq!(want.values().filter(|r| r.status == Status::Error).count(), 1);
    for workers in [2, 4] {
        let mut inputs = inputs(folder.path());
        inputs.reverse();
        // By text: NaN stands for what a short track has not.
        assert_eq!(numbers(&run(inputs, workers, Arc::new(CpuMakers))), numbers(&want));
    }
    // The comparison can fail: another tone.
    std::fs::write(folder.path().join("b-tone.wav"), wav(&sine(196.1, 0.5, 0.1))).expect("a file");
    assert_ne!(numbers(&run(inputs(folder.path()), 2, Arc::new(CpuMakers))), numbers(&want));
}

#[test]
fn cuda_emulated() {
    if let Err(why) = EmulatedMachine::open() {
        return println!("cuda-emulated: skipped, because {why}");
    }
    check("cuda-emulated", &emulated(), 0.35);
}

fn emulated() -> Open {
    Arc::new(|| {
        let machine = EmulatedMachine::open().map_err(|why| ComputeError::Failed { backend: "cuda-emulated", why })?;
        Ok(Box::new(machine))
    })
}

#[test]
fn cuda() {
    let open: Open = Arc::new(|| Ok(Box::new(CudaMachine::open(earprint_cuda::Options::default())?)));
    match open() {
        Ok(_) => check("cuda", &open, 20.0),
        Err(error) => {
            assert!(["E_GPU_LIBRARY", "E_GPU_NO_DEVICE"].contains(&error.code()), "{error}");
            println!("cuda: skipped, because {error}");
        }
    }
}

#[test]
fn wgpu() {
    on_every_driver("workers_on_one_driver");
}

#[test]
#[ignore = "run by `wgpu`"]
fn workers_on_one_driver() {
    let found = pollster::block_on(adapters());
    if found.is_empty() {
        println!("skipped, because this driver finds no device");
    }
    for (index, line) in found.into_iter().enumerate() {
        println!("{}", line.name);
        check(line.backend, &wgpu_at(index), 1.5);
    }
}

fn wgpu_at(index: usize) -> Open {
    Arc::new(move || {
        let adapter = AdapterChoice::Index(index);
        let options = earprint_wgpu::Options { adapter, allow_software: true, ..earprint_wgpu::Options::default() };
        Ok(Box::new(pollster::block_on(WgpuMachine::open(options))?))
    })
}

/// A device with memory for one segment, whichever it is, and for no two of them.
#[test]
fn a_batch_beyond_the_memory_is_halved_until_it_fits() {
    let open = emulated();
    if let Err(error) = open() {
        return println!("skipped, because {error}");
    }
    let sound = segments(&[noise(5, 0.3, 0.6)], 8);
    let want: Vec<Vec<f32>> = sound.iter().map(|s| rows_of(std::slice::from_ref(s), Width::Scalar)).collect();
    let bytes = |some: &[OwnedSegment]| {
        let views: Vec<_> = some.iter().map(OwnedSegment::view).collect();
        TrackRecorder::new().record(&views).device_bytes()
    };
    let most = sound.chunks(1).map(bytes).max().expect("a segment");
    assert!(sound.len() > 3 && sound.windows(2).all(|two| bytes(two) > most));
    for fault in [Fault::NoMemoryAbove(most), Fault::LateNoMemoryAbove(most)] {
        let machine = open().unwrap_or_else(|e| panic!("{e}"));
        let mut batches = Batches::new(Box::new(Faulty::new(machine, fault)), None);
        sound.iter().enumerate().for_each(|(n, segment)| batches.push(n, Arc::new(segment.clone())));
        let mut got = BTreeMap::new();
        while !batches.is_idle() {
            got.extend(pollster::block_on(batches.next()));
        }
        for (n, want) in want.iter().enumerate() {
            let rows = got[&n].as_ref().unwrap_or_else(|why| panic!("{fault:?}: {why}"));
            assert!(rows.iter().map(|v| v.to_bits()).eq(want.iter().map(|v| v.to_bits())), "{fault:?}: segment {n}");
        }
        let notes = batches.notes().join("; ");
        assert!(notes.contains("out of memory") && notes.contains("were halved"), "{fault:?}: {notes}");
        assert!(notes.contains(&format!("{} segments were halved", sound.len())), "{fault:?}: {notes}");
    }
}

#[test]
fn what_goes_wrong_on_a_device_costs_no_track() {
    if let Err(why) = EmulatedMachine::open() {
        return println!("skipped, because {why}");
    }
    let folder = folder(0.35);
    let want = numbers(&run(inputs(folder.path()), 1, Arc::new(CpuMakers)));
    // The bytes of two segments of 16 frames with their context are 2.5 MB; one frame takes 0.9 MB. Small batches where a
    // later one is meant: how many wait for the first is a matter of luck, and so is whether any is halved here.
    let faults = [
        (Fault::NoMemoryAbove(2_000_000), 50, "", None),
        (Fault::LateNoMemoryAbove(2_000_000), 50, "", None),
        (Fault::NoMemoryAbove(1000), 50, "", Some("out of memory")),
        (Fault::LostAt(0), 50, "continuing on the cpu", Some("it was told to")),
        (Fault::LostAt(2), 1, "continuing on the cpu", Some("it was told to")),
        (Fault::PanicsAt(1), 1, "", Some("the device's thread ended")),
    ];
    for (fault, batch, note, reason) in faults {
        let inner = emulated();
        let open: Open = Arc::new(move || Ok(Box::new(Faulty::new(inner()?, fault))));
        let makers = Arc::new(device(&open, batch));
        let records = run(inputs(folder.path()), 4, makers.clone());
        assert_eq!(numbers(&records), want, "{fault:?}");
        let notes = makers.notes().join("; ");
        assert!(notes.contains(note), "{fault:?}: {notes}");
        let backends: Vec<&str> = records.values().filter_map(|r| r.backend.as_deref()).collect();
        let details: Vec<&str> = records.values().filter_map(|r| r.detail.as_deref()).collect();
        match reason {
            Some(reason) => {
                assert!(details.iter().any(|d| d.contains("computed on the cpu") && d.contains(reason)), "{details:?}");
                assert!(backends.iter().any(|b| b.ends_with("cpu")), "{backends:?}");
            }
            None => assert!(backends.iter().all(|b| *b == "cuda-emulated"), "{fault:?}: {backends:?}"),
        }
    }
}

/// A device that hangs costs the tracks that were with it their time, and no other track anything.
#[test]
fn a_device_that_hangs_is_left_alone() {
    if let Err(why) = EmulatedMachine::open() {
        return println!("skipped, because {why}");
    }
    let folder = folder(0.35);
    let want = numbers(&run(inputs(folder.path()), 1, Arc::new(CpuMakers)));
    let inner = emulated();
    let open: Open = Arc::new(move || Ok(Box::new(Faulty::new(inner()?, Fault::HangsAt(0)))));
    let makers = Arc::new(device(&open, 50));
    let records = run_within(inputs(folder.path()), 1, makers.clone(), Some(Duration::from_secs(4)));
    let late = |r: &&TrackRecord| r.code.as_deref() == Some("E_TIME_LIMIT");
    assert!(records.values().filter(late).count() <= 1, "{records:?}");
    let kept: Vec<String> = numbers(&records).into_iter().filter(|r| !r.contains("E_TIME_LIMIT")).collect();
    assert!(kept.len() >= want.len() - 1 && kept.iter().all(|r| want.contains(r)));
    let notes = makers.notes().join("; ");
    assert!(notes.contains("no answer") && notes.contains("continuing on the cpu"), "{notes}");
}
