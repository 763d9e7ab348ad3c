//! Which machine computes, and why, in one line.

use anyhow::{Result, bail};
use earprint_compute::{Backend, ComputeError, CpuBackend};
use earprint_pipeline::disk::Backends;

use crate::args::Device;

/// The chosen device of a run.
pub enum Chosen {
    /// One CPU backend per worker.
    Cpu,
}

impl Backends for Chosen {
    fn open(&self) -> Result<Box<dyn Backend>, ComputeError> {
        match self {
            Self::Cpu => Ok(Box::new(CpuBackend::new())),
        }
    }

    fn per_worker(&self) -> bool {
        matches!(self, Self::Cpu)
    }

    fn name(&self) -> &str {
        match self {
            Self::Cpu => "cpu",
        }
    }
}

/// Picks the device and says why.
pub fn choose(wanted: Device, workers: usize) -> Result<(Chosen, String)> {
    let cpu = format!("cpu ({}, {workers} threads)", earprint_signal::Width::best().name());
    match wanted {
        Device::Cpu => Ok((Chosen::Cpu, format!("{cpu}: asked for"))),
        Device::Auto => Ok((Chosen::Cpu, format!("{cpu}: no other device is built in"))),
        Device::Vulkan | Device::Cuda => bail!("this build has no GPU backend"),
    }
}
