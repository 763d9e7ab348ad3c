//! The tables of `track/spectrum` in the layout its WGSL reads: one buffer of f32, one of u32, and the uniform block that
//! says what stands where. Both GPU crates upload exactly this.

use earprint_shaders::SpectrumParams;
use earprint_signal::track::{LN_BINS, SpectrumTables};

/// Tables of the track spectrum.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumGpuTables {
    /// Half window | split | twiddles | weights | DCT-II.
    pub tables: Vec<f32>,
    /// Positions | stages | first bins | offsets | bins of the seven bands.
    pub indices: Vec<u32>,
    params: SpectrumParams,
}

impl SpectrumGpuTables {
    /// The tables, packed.
    pub fn new(from: &SpectrumTables) -> Self {
        let (mel, fft) = (&from.mel, &from.mel.fft);
        let mut tables = mel.half_window.clone();
        let split_at = tables.len() as u32;
        tables.extend(fft.split.iter().flatten());
        let twiddles_at = tables.len() as u32;
        tables.extend(fft.twiddles.iter().flatten());
        let weights_at = tables.len() as u32;
        tables.extend(&mel.bank.weights);
        let dct_at = tables.len() as u32;
        tables.extend(&from.dct);

        let mut indices = fft.position.clone();
        let stages_at = indices.len() as u32;
        for s in &fft.stages {
            indices.extend([s.radix as u32, s.len as u32, s.twiddle_offset as u32]);
        }
        let first_bin_at = indices.len() as u32;
        indices.extend(&mel.bank.first_bin);
        let offset_at = indices.len() as u32;
        indices.extend(&mel.bank.offset);
        let bands_at = indices.len() as u32;
        indices.extend(from.bands.iter().flatten());

        let params = SpectrumParams {
            frames: 0,
            points: fft.m as u32,
            stages: fft.stages.len() as u32,
            sqrt_half: std::f32::consts::FRAC_1_SQRT_2,
            amin: mel.post.amin,
            db_per_neper: mel.post.scale,
            ln_bins: LN_BINS,
            split_at,
            twiddles_at,
            weights_at,
            dct_at,
            stages_at,
            first_bin_at,
            offset_at,
            bands_at,
        };
        Self { tables, indices, params }
    }

    /// The uniform block for one dispatch of `frames` frames, one workgroup each.
    pub fn params(&self, frames: usize) -> SpectrumParams {
        SpectrumParams { frames: frames as u32, ..self.params }
    }
}
