//! Every GPU kernel as text, once: wgpu runs it on Vulkan, Metal, DX12 and WebGPU; CUDA runs its translation.
//!
//! A kernel is its card (the comment on top), its `.wgsl` file and the shared files it stands on, joined here in a
//! fixed order. No graphics library is needed to build this crate; its tests validate every text.

mod constant_q_params;
mod hpss_params;
mod kmeans_params;
mod mel_params;
mod track_params;
mod uniform;
mod yin_params;

pub use constant_q_params::{ConstantQParams, DecimateParams};
pub use hpss_params::HpssParams;
pub use kmeans_params::NearestParams;
pub use mel_params::{MelParams, flags};
pub use track_params::{FluxParams, SpectrumParams};
pub use yin_params::YinParams;

/// One compute kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shader {
    /// `family/name`, the name of the card, the bench and the golden.
    pub name: &'static str,
    /// Entry point.
    pub entry: &'static str,
    /// Complete WGSL text.
    pub source: &'static str,
    /// Invocations of a workgroup, x (y and z are 1).
    pub workgroup_size: u32,
    /// Name of the uniform block's type, its bytes, and its fields with their offsets: those of the Rust twin.
    pub uniform: (&'static str, usize, &'static [(&'static str, usize)]),
}

/// PCM to mel in one pass: see its card.
pub const MEL_FUSED: Shader = Shader {
    name: "mel/mel_fused",
    entry: "mel_fused",
    source: concat!(
        include_str!("../common/numbers.wgsl"),
        include_str!("../common/mel_params.wgsl"),
        include_str!("../mel/butterfly.wgsl"),
        include_str!("../common/real_fft.wgsl"),
        include_str!("../mel/mel_fused.wgsl")
    ),
    workgroup_size: 256,
    uniform: ("MelParams", size_of::<MelParams>(), MelParams::FIELDS),
};

/// The definition, slowly: see its card.
pub const MEL_PLAIN: Shader = Shader {
    name: "mel/mel_plain",
    entry: "mel_plain",
    source: concat!(
        include_str!("../common/numbers.wgsl"),
        include_str!("../common/mel_params.wgsl"),
        include_str!("../mel/mel_plain.wgsl")
    ),
    workgroup_size: 64,
    uniform: ("MelParams", size_of::<MelParams>(), MelParams::FIELDS),
};

/// Difference functions of blocks for YIN: see its card.
pub const YIN_DIFFERENCE: Shader = Shader {
    name: "track/yin_difference",
    entry: "yin_difference",
    source: concat!(
        include_str!("../track/yin_params.wgsl"),
        include_str!("../mel/butterfly.wgsl"),
        include_str!("../common/real_fft.wgsl"),
        include_str!("../track/yin_difference.wgsl")
    ),
    workgroup_size: 256,
    uniform: ("YinParams", size_of::<YinParams>(), YinParams::FIELDS),
};

/// From difference functions to f0: see its card.
pub const YIN_SEARCH: Shader = Shader {
    name: "track/yin_search",
    entry: "yin_search",
    source: concat!(include_str!("../track/yin_params.wgsl"), include_str!("../track/yin_search.wgsl")),
    workgroup_size: 64,
    uniform: ("YinParams", size_of::<YinParams>(), YinParams::FIELDS),
};

/// Samples to power, mel spectrum and spectral columns of a track's frames: see its card.
pub const TRACK_SPECTRUM: Shader = Shader {
    name: "track/spectrum",
    entry: "spectrum",
    source: concat!(
        include_str!("../common/numbers.wgsl"),
        include_str!("../mel/butterfly.wgsl"),
        include_str!("../common/real_fft.wgsl"),
        include_str!("../track/spectrum.wgsl")
    ),
    workgroup_size: 256,
    uniform: ("SpectrumParams", size_of::<SpectrumParams>(), SpectrumParams::FIELDS),
};

/// Mel spectra to the onset envelope: see its card.
pub const TRACK_FLUX: Shader = Shader {
    name: "track/flux",
    entry: "flux",
    source: include_str!("../track/flux.wgsl"),
    workgroup_size: 64,
    uniform: ("FluxParams", size_of::<FluxParams>(), FluxParams::FIELDS),
};

/// Power to harmonic and percussive energy of a track's frames: see its card.
pub const TRACK_HPSS: Shader = Shader {
    name: "track/hpss",
    entry: "hpss",
    source: concat!(include_str!("../track/hpss_median.wgsl"), include_str!("../track/hpss.wgsl")),
    workgroup_size: 64,
    uniform: ("HpssParams", size_of::<HpssParams>(), HpssParams::FIELDS),
};

/// Half the rate of a track's samples: see its card.
pub const TRACK_DECIMATE: Shader = Shader {
    name: "track/decimate",
    entry: "decimate",
    source: include_str!("../track/decimate.wgsl"),
    workgroup_size: 256,
    uniform: ("DecimateParams", size_of::<DecimateParams>(), DecimateParams::FIELDS),
};

/// Halved rates to pitch classes of a track's frames: see its card.
pub const TRACK_CONSTANT_Q: Shader = Shader {
    name: "track/constant_q",
    entry: "constant_q",
    source: include_str!("../track/constant_q.wgsl"),
    workgroup_size: 256,
    uniform: ("ConstantQParams", size_of::<ConstantQParams>(), ConstantQParams::FIELDS),
};

/// Rows to their nearest centres: see its card.
pub const KMEANS_NEAREST: Shader = Shader {
    name: "kmeans/nearest",
    entry: "nearest",
    source: include_str!("../kmeans/nearest.wgsl"),
    workgroup_size: 64,
    uniform: ("NearestParams", size_of::<NearestParams>(), NearestParams::FIELDS),
};

/// All kernels. What is not here is not tested on any backend.
pub const ALL: &[Shader] = &[
    MEL_FUSED,
    MEL_PLAIN,
    YIN_DIFFERENCE,
    YIN_SEARCH,
    TRACK_SPECTRUM,
    TRACK_FLUX,
    TRACK_HPSS,
    TRACK_DECIMATE,
    TRACK_CONSTANT_Q,
    KMEANS_NEAREST,
];

/// Complex points the fused kernel's workgroup memory holds.
pub const MEL_FUSED_POINTS: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;
    use naga::valid::{Capabilities, ValidationFlags, Validator};

    fn module(s: &Shader) -> (naga::Module, naga::valid::ModuleInfo) {
        let module =
            naga::front::wgsl::parse_str(s.source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(s.source)));
        let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|e| panic!("{}: {}", s.name, e.emit_to_string(s.source)));
        (module, info)
    }

    #[test]
    fn every_kernel_validates_and_is_what_its_constant_says() {
        for &s in ALL {
            let (m, _) = module(&s);
            assert_eq!(m.entry_points.len(), 1, "{}", s.name);
            assert_eq!(m.entry_points[0].name, s.entry);
            assert_eq!(m.entry_points[0].workgroup_size, [s.workgroup_size, 1, 1]);
            let card = format!("// Kernel  {} ", s.name);
            assert!(s.source.contains(&card), "{}: no card", s.name);
        }
    }

    #[test]
    fn kernels_stay_inside_plain_webgpu() {
        for &s in ALL {
            let (m, _) = module(&s);
            let mut layouter = naga::proc::Layouter::default();
            layouter.update(m.to_ctx()).unwrap();
            let (mut storage, mut shared) = (0, 0);
            for (_, g) in m.global_variables.iter() {
                match g.space {
                    naga::AddressSpace::Storage { .. } => storage += 1,
                    naga::AddressSpace::WorkGroup => shared += layouter[g.ty].size,
                    _ => {}
                }
            }
            assert!(storage <= 8 && shared <= 16_384 && s.workgroup_size <= 256, "{}", s.name);
        }
    }

    #[test]
    fn uniform_block_equals_its_rust_twin() {
        for &s in ALL {
            let (m, _) = module(&s);
            let (name, bytes, fields) = s.uniform;
            let (_, ty) = m.types.iter().find(|(_, t)| t.name.as_deref() == Some(name)).unwrap();
            let naga::TypeInner::Struct { members, span } = &ty.inner else { panic!("a struct") };
            assert_eq!(*span as usize, bytes, "{}", s.name);
            let names: Vec<_> = members.iter().map(|m| (m.name.clone().unwrap(), m.offset as usize)).collect();
            assert_eq!(names, fields.iter().map(|&(n, o)| (n.to_owned(), o)).collect::<Vec<_>>(), "{}", s.name);
        }
    }
}
