//! Writes what the native program computes on one CPU thread for fixed clips, for comers without the native program:
//! Node and browsers hold the npm package against these bits.
//!
//! `cargo run --release -p earprint-tests --example vectors -- FOLDER` leaves WAV files, one file of little-endian f32
//! values a case, and `index.json`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use earprint_audio::{Limits, decode, wav::write_i16_mono};
use earprint_compute::{Backend, CpuBackend, Dtype, MelBatch, MelPlan, MelValues, PcmBuffer, Slot};
use earprint_core::MelJob;
use earprint_pipeline::{Control, Engine, Failure, FileOutcome, Loaded, Portion, Sink, Source, load_clip, run};
use earprint_store::NpyArray;

/// Clip and preset; the clip's rate stands in its name. The last one is resampled.
const CASES: [(&str, &str); 11] = [
    ("varied-4096", "leak"),
    ("varied-4096", "leak-64"),
    ("short-4096", "leak-64"),
    ("tone-4096", "leak"),
    ("varied-22050", "librosa"),
    ("short-22050", "librosa"),
    ("silence", "librosa"),
    ("varied-16000", "whisper"),
    ("varied-16000", "whisper-128"),
    ("short-16000", "whisper"),
    ("varied-22050", "whisper"),
];

/// The bench of the package: this many copies of the clip, each turned by 97 samples more.
const BENCH: (&str, &str, usize) = ("varied-4096", "leak-64", 32);

struct One(Option<Loaded>);

impl Source for One {
    fn next(&mut self, _batch: &mut Vec<i16>) -> Option<(usize, Result<Loaded, Failure>)> {
        self.0.take().map(|loaded| (0, Ok(loaded)))
    }
}

struct Keep(Option<FileOutcome>);

impl Sink for Keep {
    fn put(&mut self, outcome: FileOutcome) -> Result<(), String> {
        self.0 = Some(outcome);
        Ok(())
    }
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("usage: vectors FOLDER"));
    fs::create_dir_all(&folder).expect("the folder can be made");
    let mut lines = Vec::new();
    for (clip, preset) in CASES {
        let wav = format!("{clip}.{}.wav", rate(clip, preset));
        let bytes = write_i16_mono(rate(clip, preset), &samples(clip));
        put(&folder, &wav, &bytes);
        let (shape, values) = mel(bytes, preset);
        let name = format!("{clip}.{preset}.f32");
        put(&folder, &name, &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
        lines.push(format!(
            "    {{ \"clip\": \"{clip}\", \"wav\": \"{wav}\", \"preset\": \"{preset}\", \"shape\": {shape:?}, \"values\": \"{name}\" }}"
        ));
    }
    let (clip, preset, clips) = BENCH;
    let wav = format!("{clip}.{}.wav", rate(clip, preset));
    let bench = format!(
        "{{ \"wav\": \"{wav}\", \"preset\": \"{preset}\", \"clips\": {clips}, \"checksum\": \"{:016x}\" }}",
        bench(&samples(clip), preset, clips)
    );
    let json = format!("{{\n  \"cases\": [\n{}\n  ],\n  \"bench\": {bench}\n}}\n", lines.join(",\n"));
    put(&folder, "index.json", json.as_bytes());
    println!("{} cases in {}", CASES.len(), folder.display());
}

fn rate(clip: &str, preset: &str) -> u32 {
    let own = clip.rsplit('-').next().and_then(|n| n.parse().ok());
    own.unwrap_or_else(|| MelJob::preset(preset).expect("a preset").spec.sample_rate)
}

fn samples(clip: &str) -> Vec<i16> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/outside/mel/clips/{clip}.npy"));
    let array = NpyArray::read(&path).unwrap_or_else(|e| panic!("{e}"));
    array.data.as_chunks::<2>().0.iter().map(|b| i16::from_le_bytes(*b)).collect()
}

fn mel(wav: Vec<u8>, preset: &str) -> ([usize; 3], Vec<f32>) {
    let plan = Arc::new(MelPlan::new(MelJob::preset(preset).expect("a preset"), Dtype::F32).expect("a plan"));
    let clip = decode(wav, None, &Limits::default()).expect("our own WAV is read");
    let mut keep = Keep(None);
    let portion = Portion { files: 1, bytes: 1 << 26 };
    let (mut source, mut engine) = (One(Some(load_clip(clip))), Engine::new(Box::new(CpuBackend::new())));
    let control = Control::default();
    pollster::block_on(run(&mut source, &plan, Dtype::F32, &mut engine, portion, &mut keep, &control)).expect("runs");
    let features = keep.0.expect("an outcome").features.expect("numbers");
    let MelValues::F32(values) = features.values else { panic!("f32 was asked for") };
    (features.shape, values)
}

/// FNV-1a over the f16 bits of all clips.
fn bench(clip: &[i16], preset: &str, clips: usize) -> u64 {
    let plan = Arc::new(MelPlan::new(MelJob::preset(preset).expect("a preset"), Dtype::F16).expect("a plan"));
    let mut pcm = Vec::new();
    for k in 0..clips {
        let at = k * 97 % clip.len();
        pcm.extend_from_slice(&clip[at..]);
        pcm.extend_from_slice(&clip[..at]);
    }
    let outputs = plan.grid.outputs(clip.len());
    let slots = (0..clips).map(|k| Slot { start: k * clip.len(), outputs }).collect();
    let mut cpu = CpuBackend::new();
    let ticket = cpu.submit(&plan, &MelBatch { pcm: PcmBuffer::I16(pcm), slots }).expect("fits");
    let Ok(MelValues::F16(values)) = pollster::block_on(cpu.collect(ticket)) else { panic!("f16 was asked for") };
    let bytes = values.iter().flat_map(|v| v.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}
