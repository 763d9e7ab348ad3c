//! Which adapters there are, and which one a choice means.

use earprint_compute::{ComputeError, Kind};

use crate::AdapterChoice;
use crate::faults::caught;

/// One adapter, for `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterLine {
    /// Name as its driver tells it.
    pub name: String,
    /// `vulkan`, `metal`, `dx12` or `webgpu`.
    pub backend: &'static str,
    /// Driver and its version.
    pub driver: String,
    /// True for a rasteriser that runs on the CPU.
    pub software: bool,
    /// Limits that bound a batch, in words.
    pub limits: String,
}

/// Adapters of this machine, in the order [`AdapterChoice::Index`] counts. Empty where there is none, or where asking
/// for them failed.
pub async fn adapters() -> Vec<AdapterLine> {
    found().await.iter().map(line).collect()
}

/// The backend's name in errors before a device is open.
pub(crate) const FAMILY: &str = if cfg!(target_family = "wasm") { "webgpu" } else { "wgpu" };

/// Asks for the baseline of WebGPU and nothing above it, natively as well.
fn instance() -> wgpu::Instance {
    let mut flags = wgpu::InstanceFlags::STRICT_WEBGPU_COMPLIANCE;
    if cfg!(debug_assertions) {
        flags |= wgpu::InstanceFlags::DEBUG | wgpu::InstanceFlags::VALIDATION;
    }
    wgpu::Instance::new(wgpu::InstanceDescriptor { flags, ..wgpu::InstanceDescriptor::new_without_display_handle() })
}

async fn found() -> Vec<wgpu::Adapter> {
    // A loader or driver that panics is a machine without adapters.
    #[cfg(not(target_family = "wasm"))]
    let all = caught(async { instance().enumerate_adapters(wgpu::Backends::PRIMARY).await }).await;
    // A browser shows one adapter, and which one depends on what is asked.
    #[cfg(target_family = "wasm")]
    let all = caught(async {
        let fast = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        instance().request_adapter(&fast).await.into_iter().collect::<Vec<_>>()
    })
    .await;
    all.unwrap_or_default()
}

/// Opens nothing yet: the adapter that `choice` means.
pub(crate) async fn choose(choice: &AdapterChoice, allow_software: bool) -> Result<wgpu::Adapter, ComputeError> {
    let mut all = found().await;
    let lines: Vec<AdapterLine> = all.iter().map(line).collect();
    let types: Vec<wgpu::DeviceType> = all.iter().map(|a| a.get_info().device_type).collect();
    match pick(&lines, &types, choice, allow_software) {
        Ok(i) => Ok(all.swap_remove(i)),
        Err(why) => Err(ComputeError::NoDevice { backend: FAMILY, why }),
    }
}

fn pick(
    lines: &[AdapterLine],
    types: &[wgpu::DeviceType],
    choice: &AdapterChoice,
    allow_software: bool,
) -> Result<usize, String> {
    let has = |i: usize, text: &str| {
        let l = &lines[i];
        format!("{} {} {}", l.backend, l.name, l.driver).to_lowercase().contains(&text.to_lowercase())
    };
    let candidates: Vec<usize> = match choice {
        AdapterChoice::Auto => (0..lines.len()).collect(),
        AdapterChoice::Named(text) => (0..lines.len()).filter(|&i| has(i, text)).collect(),
        AdapterChoice::Index(i) if *i < lines.len() => return Ok(*i),
        AdapterChoice::Index(_) => Vec::new(),
    };
    let rank = |i: &usize| match types[*i] {
        _ if lines[*i].software => 4,
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        _ => 3,
    };
    // The first of equals: wgpu lists Vulkan before the platform's own interface.
    let best = candidates.iter().copied().min_by_key(rank);
    match best {
        Some(i) if allow_software || !lines[i].software => Ok(i),
        Some(i) => Err(format!("{} is software, which must be allowed explicitly", lines[i].name)),
        None if lines.is_empty() => Err("the system lists no adapter".to_owned()),
        None => {
            let names: Vec<&str> = lines.iter().map(|l| l.name.as_str()).collect();
            Err(format!("{choice:?} matches none of: {}", names.join(", ")))
        }
    }
}

fn line(adapter: &wgpu::Adapter) -> AdapterLine {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let name = if info.name.is_empty() { "unnamed adapter".to_owned() } else { info.name };
    let driver = format!("{} {}", info.driver, info.driver_info).trim().to_owned();
    let known = ["llvmpipe", "swiftshader", "basic render driver"];
    let named = known.iter().any(|k| name.to_lowercase().contains(k));
    AdapterLine {
        backend: kind(info.backend).name(),
        software: info.device_type == wgpu::DeviceType::Cpu || named,
        limits: format!(
            "buffers {} MiB, bindings {} MiB, workgroups of {} with {} KiB",
            limits.max_buffer_size >> 20,
            limits.max_storage_buffer_binding_size >> 20,
            limits.max_compute_invocations_per_workgroup,
            limits.max_compute_workgroup_storage_size >> 10,
        ),
        name,
        driver,
    }
}

fn kind(backend: wgpu::Backend) -> Kind {
    match backend {
        wgpu::Backend::BrowserWebGpu => Kind::WebGpu,
        other => Kind::Native(other.to_str()),
    }
}

/// What records say about an adapter.
pub(crate) fn info(adapter: &wgpu::Adapter) -> earprint_compute::BackendInfo {
    let line = line(adapter);
    let device = if line.driver.is_empty() { line.name } else { format!("{} ({})", line.name, line.driver) };
    earprint_compute::BackendInfo { kind: kind(adapter.get_info().backend), device, software: line.software }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wgpu::DeviceType::{Cpu, DiscreteGpu, IntegratedGpu};

    fn lines() -> (Vec<AdapterLine>, [wgpu::DeviceType; 3]) {
        let of = |name: &str, backend, software| AdapterLine {
            name: name.to_owned(),
            backend,
            driver: String::new(),
            software,
            limits: String::new(),
        };
        let all = vec![of("llvmpipe", "vulkan", true), of("Iris", "vulkan", false), of("RTX", "dx12", false)];
        (all, [Cpu, IntegratedGpu, DiscreteGpu])
    }

    #[test]
    fn software_is_never_chosen_silently() {
        let (l, t) = lines();
        assert_eq!(pick(&l, &t, &AdapterChoice::Auto, true), Ok(2));
        assert_eq!(pick(&l, &t, &AdapterChoice::Named("VULKAN".into()), true), Ok(1));
        assert_eq!(pick(&l, &t, &AdapterChoice::Index(0), false), Ok(0));
        assert!(pick(&l[..1], &t[..1], &AdapterChoice::Auto, false).unwrap_err().contains("software"));
        assert!(pick(&l, &t, &AdapterChoice::Named("llvm".into()), false).unwrap_err().contains("llvmpipe"));
        assert_eq!(pick(&l, &t, &AdapterChoice::Named("llvm".into()), true), Ok(0));
        let text = pick(&l, &t, &AdapterChoice::Named("Arc".into()), true).unwrap_err();
        assert!(text.contains("Arc") && text.contains("Iris"), "{text}");
        assert!(pick(&[], &[], &AdapterChoice::Auto, true).is_err());
        assert!(pick(&l, &t, &AdapterChoice::Index(3), true).is_err());
    }
}
