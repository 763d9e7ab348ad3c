//! Which CUDA devices there are, and why one of them cannot be used: for `doctor`.

use earprint_compute::ComputeError;

use super::faults::from_cuda;
use crate::driver::{DeviceInfo, Driver};
use crate::nvrtc::Nvrtc;

/// One device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLine {
    /// What the driver tells of it.
    pub info: DeviceInfo,
    /// Why it cannot be opened, and what to do; `None` where nothing is known against it.
    pub why_not: Option<String>,
}

/// Devices of this machine, in the order [`super::Options::ordinal`] counts.
///
/// # Errors
/// `MissingLibrary` without a driver, `NoDevice` where the driver finds none, `Failed` where it does not answer.
pub fn devices() -> Result<Vec<DeviceLine>, ComputeError> {
    let found = Driver::open(None).and_then(|driver| driver.devices()).map_err(from_cuda(0))?;
    if found.is_empty() {
        return Err(ComputeError::NoDevice { backend: super::BACKEND, why: "the driver reports 0 devices".to_owned() });
    }
    // Asked once: every device is compiled for by the same NVRTC.
    let compiler = Nvrtc::open(None).and_then(|nvrtc| Ok((nvrtc.version(), nvrtc.architectures()?)));
    Ok(found
        .into_iter()
        .map(|info| {
            let why_not = match &compiler {
                Ok((version, known)) => unknown(info.compute_capability, *version, known),
                Err(why) => Some(format!("{why}; `pip install nvidia-cuda-nvrtc` provides it")),
            };
            DeviceLine { info, why_not }
        })
        .collect())
}

/// Why a compiler that knows the architectures `known` (75 for compute capability 7.5) cannot serve a device.
fn unknown((major, minor): (u32, u32), version: (i32, i32), known: &[u32]) -> Option<String> {
    if known.contains(&(10 * major + minor)) {
        return None;
    }
    let (least, most) = (known.iter().min()?, known.iter().max()?);
    Some(format!(
        "compute capability {major}.{minor}; NVRTC {}.{} compiles for {}.{} to {}.{}",
        version.0,
        version.1,
        least / 10,
        least % 10,
        most / 10,
        most % 10
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_the_compiler_does_not_know_is_told_why() {
        assert_eq!(unknown((9, 0), (13, 0), &[75, 80, 90, 120]), None);
        let why = unknown((6, 1), (13, 0), &[75, 80, 120]).unwrap();
        assert_eq!(why, "compute capability 6.1; NVRTC 13.0 compiles for 7.5 to 12.0");
    }
}
