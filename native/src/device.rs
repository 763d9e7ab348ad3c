//! Which machine computes, and why, in one line.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use earprint_collection::kmeans::{self, Alone, Rows};
use earprint_compute::{
    Backend, ComputeError, CpuBackend, Dtype, KMeansDevice, Machine, MelBatch, MelPlan, PcmBuffer, Slot,
};
use earprint_core::MelJob;
use earprint_cuda::{CudaBackend, CudaMachine};
use earprint_features::OwnedSegment;
use earprint_pipeline::disk::Backends;
use earprint_pipeline::tracks::{Batches, CpuRows, SEGMENT_FRAMES};
use earprint_wgpu::{AdapterChoice, WgpuBackend, WgpuMachine};

use crate::args::Device;

/// The device of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// One CPU backend per worker.
    Cpu,
    /// An adapter of wgpu, by its place in the list, its backend's name, and whether it is software.
    Wgpu(usize, &'static str, bool),
    /// A CUDA device, by ordinal.
    Cuda(usize),
}

impl Backends for Chosen {
    fn open(&self) -> Result<Box<dyn Backend>, ComputeError> {
        Ok(match self {
            Self::Cpu => Box::new(CpuBackend::new()),
            Self::Wgpu(index, ..) => {
                let adapter = AdapterChoice::Index(*index);
                let options = earprint_wgpu::Options { adapter, ..earprint_wgpu::Options::default() };
                Box::new(pollster::block_on(WgpuBackend::open(options))?)
            }
            Self::Cuda(ordinal) => {
                Box::new(CudaBackend::open(earprint_cuda::Options { ordinal: *ordinal, ..Default::default() })?)
            }
        })
    }

    fn per_worker(&self) -> bool {
        matches!(self, Self::Cpu)
    }

    fn name(&self) -> &str {
        match self {
            Self::Cpu => "cpu",
            Self::Wgpu(_, name, _) => name,
            Self::Cuda(_) => "cuda",
        }
    }
}

impl Chosen {
    /// The device as a machine that runs recordings, `None` for the CPU. What a software device calls its memory is this
    /// machine's: one batch then takes at most an eighth of `memory`, which the run may take in all. Cards have their own: at most
    /// 256 MB a batch, on CUDA at most a quarter of what is free.
    ///
    /// # Errors
    /// A device that does not open.
    pub fn machine(&self, memory: Option<u64>) -> Result<Option<Box<dyn Machine>>, ComputeError> {
        Ok(Some(match self {
            Self::Cpu => return Ok(None),
            Self::Wgpu(index, _, software) => {
                let adapter = AdapterChoice::Index(*index);
                let budget_bytes = memory.filter(|_| *software).map(|bytes| bytes / 8);
                let options = earprint_wgpu::Options { adapter, budget_bytes, ..earprint_wgpu::Options::default() };
                Box::new(pollster::block_on(WgpuMachine::open(options))?)
            }
            Self::Cuda(ordinal) => {
                let options = earprint_cuda::Options { ordinal: *ordinal, budget_bytes: None };
                Box::new(CudaMachine::open(options)?)
            }
        }))
    }
}

/// One way to compute on this machine, or why it is none.
pub struct Found {
    /// How to open it.
    pub chosen: Chosen,
    /// Family and device, for people.
    pub name: String,
    /// True for a rasteriser that runs on the CPU.
    pub software: bool,
}

/// Every GPU of this machine, in the order of preference, and why the missing families are missing.
pub fn gpus() -> (Vec<Found>, Vec<String>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    match earprint_cuda::devices() {
        Ok(devices) => {
            for (ordinal, d) in devices.into_iter().enumerate() {
                match d.why_not {
                    Some(why) => missing.push(format!("cuda: {}: {why}", d.info.name)),
                    None => {
                        let name = format!("cuda: {}", d.info.name);
                        found.push(Found { chosen: Chosen::Cuda(ordinal), name, software: false });
                    }
                }
            }
        }
        Err(e) => missing.push(format!("cuda: {e}")),
    }
    let adapters = pollster::block_on(earprint_wgpu::adapters());
    if adapters.is_empty() {
        missing
            .push("vulkan: no adapter; install your card's driver, or mesa-vulkan-drivers for a software one".into());
    }
    for (index, a) in adapters.into_iter().enumerate() {
        let name = format!("{}: {} ({})", a.backend, a.name, a.driver);
        found.push(Found { chosen: Chosen::Wgpu(index, a.backend, a.software), name, software: a.software });
    }
    (found, missing)
}

/// Picks the device of a run and says why.
///
/// # Errors
/// A device that was asked for and is not there, with the reason.
pub fn choose(wanted: Device, workers: usize, trial: Trial) -> Result<(Chosen, String)> {
    let cpu = format!("cpu ({}, {workers} threads)", earprint_signal::Width::best().name());
    if wanted == Device::Cpu {
        return Ok((Chosen::Cpu, format!("{cpu}: asked for")));
    }
    let (found, missing) = gpus();
    let family = |f: &Found| match wanted {
        Device::Cuda => matches!(f.chosen, Chosen::Cuda(_)),
        Device::Vulkan => matches!(f.chosen, Chosen::Wgpu(..)),
        Device::Auto | Device::Cpu => true,
    };
    if wanted != Device::Auto {
        // A card before a rasteriser; the rasteriser only because it was asked for, and said.
        let best = found.into_iter().filter(family).min_by_key(|f| f.software);
        let Some(f) = best else {
            let word = if wanted == Device::Cuda { "cuda" } else { "vulkan" };
            let why = missing.into_iter().find(|m| m.starts_with(word)).unwrap_or(format!("{word}: no device"));
            anyhow::bail!("--device {word}: not available here ({why}); `earprint doctor` tells more");
        };
        let software = if f.software { ", a software device" } else { "" };
        return Ok((f.chosen, format!("{}: asked for{software}", f.name)));
    }
    let cards: Vec<Found> = found.into_iter().filter(|f| !f.software).collect();
    if cards.is_empty() {
        return Ok((Chosen::Cpu, format!("{cpu}: no GPU on this machine")));
    }
    measured(cards, cpu, workers, trial)
}

/// Frames a millisecond that a device computes; the CPU with one thread.
pub type Trial<'a> = &'a dyn Fn(&Chosen) -> Result<f64, ComputeError>;

/// Lets the CPU and every card compute the same trial batch and picks the fastest. Uploads and downloads are in the
/// time; reading files is not, because every device waits for it alike.
fn measured(cards: Vec<Found>, cpu: String, workers: usize, trial: Trial) -> Result<(Chosen, String)> {
    let own = trial(&Chosen::Cpu)? * workers as f64;
    let mut best = (Chosen::Cpu, cpu.clone(), own);
    let mut words = vec![format!("cpu {own:.0}")];
    for card in cards {
        match trial(&card.chosen) {
            Ok(rate) => {
                words.push(format!("{} {rate:.0}", card.chosen.name()));
                if rate > best.2 {
                    best = (card.chosen, card.name, rate);
                }
            }
            Err(e) => words.push(format!("{} failed ({e})", card.chosen.name())),
        }
    }
    let why = format!("{}: fastest on a trial batch ({} a ms)", best.1, words.join(", "));
    Ok((best.0, why))
}

/// [`Trial`] of a mel job: outputs of some seconds of noise, the second time (the first compiles and allocates).
pub fn mel_trial(job: &MelJob) -> impl Fn(&Chosen) -> Result<f64, ComputeError> {
    const CLIPS: usize = 64;
    move |chosen| {
        let plan = Arc::new(MelPlan::new(job.clone(), Dtype::F16)?);
        let mut backend = chosen.open()?;
        let outputs = plan.grid.outputs(plan.grid.samples(1) + 40_960);
        let samples = plan.grid.samples(outputs);
        // Any samples do: the kernels take the same time for all of them.
        let noise = (0..CLIPS * samples).map(|i| (i as u32).wrapping_mul(2_654_435_761) as i16 / 4);
        let pcm = PcmBuffer::I16(noise.collect());
        let slots = (0..CLIPS).map(|k| Slot { start: k * samples, outputs }).collect();
        let batch = MelBatch { pcm, slots };
        let mut seconds = 0.0;
        for _ in 0..2 {
            let started = Instant::now();
            let ticket = backend.submit(&plan, &batch)?;
            pollster::block_on(backend.collect(ticket))?;
            seconds = started.elapsed().as_secs_f64();
        }
        Ok((CLIPS * outputs) as f64 / (1e3 * seconds.max(1e-9)))
    }
}

/// [`Trial`] of clusters: two passes over the first rows, the best of three times; the CPU with one thread.
///
/// # Errors
/// A device that fails.
pub fn kmeans_trial(rows: &Rows, k: usize) -> impl Fn(&Chosen) -> Result<f64, ComputeError> + '_ {
    let trial = OnceCell::new();
    move |chosen| {
        let trial = trial.get_or_init(|| kmeans::Trial::new(rows, k));
        let mut device = chosen.machine(None)?.map(KMeansDevice::new);
        let on = device.as_mut().map(|device| device as &mut dyn kmeans::Device);
        let started = Instant::now();
        let rate = pollster::block_on(trial.rate(&Alone, on, &|| started.elapsed().as_secs_f64()));
        Ok(rate.map_err(|why| ComputeError::Failed { backend: "trial", why })? / 1e3)
    }
}

/// [`Trial`] of the track descriptor: segments of noise, the second time.
///
/// # Errors
/// A device that fails.
pub fn track_trial(chosen: &Chosen) -> Result<f64, ComputeError> {
    let segment = Arc::new(OwnedSegment::noise(SEGMENT_FRAMES));
    let Some(machine) = chosen.machine(None)? else {
        let mut cpu = CpuRows::new();
        cpu.make((*segment).clone(), None);
        let started = Instant::now();
        cpu.make((*segment).clone(), None);
        return Ok(segment.frames as f64 / (1e3 * started.elapsed().as_secs_f64()));
    };
    const SEGMENTS: usize = 16;
    let mut batches = Batches::new(machine, None);
    let mut seconds = 0.0;
    for _ in 0..2 {
        let started = Instant::now();
        for number in 0..SEGMENTS {
            batches.push(number, segment.clone());
        }
        while !batches.is_idle() {
            for (_, rows) in pollster::block_on(batches.next()) {
                rows.map_err(|why| ComputeError::Failed { backend: batches.name(), why: why.to_string() })?;
            }
        }
        seconds = started.elapsed().as_secs_f64();
    }
    Ok((SEGMENTS * segment.frames) as f64 / (1e3 * seconds.max(1e-9)))
}
