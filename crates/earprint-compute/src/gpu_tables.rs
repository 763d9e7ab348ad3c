//! The tables of a job in the layout the WGSL kernels read: one buffer of f32, one of u32, and the uniform block that
//! says what stands where. Both GPU crates upload exactly this.

use earprint_shaders::{MEL_FUSED_POINTS, MelParams, flags};

use crate::recording::spread;
use crate::{ComputeError, Dtype, MelPlan, PcmBuffer};

/// Tables of one job.
#[derive(Debug, Clone, PartialEq)]
pub struct GpuTables {
    /// Window | split or circle | twiddles | weights.
    pub tables: Vec<f32>,
    /// Positions | stages | first bins | offsets.
    pub indices: Vec<u32>,
    params: MelParams,
}

impl GpuTables {
    /// Tables for `mel/mel_fused`.
    ///
    /// # Errors
    /// `Unsupported` where a frame outgrows the kernel's workgroup memory.
    pub fn fused(plan: &MelPlan, backend: &'static str) -> Result<Self, ComputeError> {
        let split = plan.tables.fft.split.iter().flatten().copied().collect();
        let all = Self::pack(plan, split);
        if plan.tables.fft.m > MEL_FUSED_POINTS {
            let what = format!("n_fft {}; the kernel holds at most {}", plan.job.spec.n_fft, 2 * MEL_FUSED_POINTS);
            return Err(ComputeError::Unsupported { backend, what });
        }
        Ok(all)
    }

    /// Tables for `mel/mel_plain`.
    pub fn plain(plan: &MelPlan) -> Self {
        let n = plan.job.spec.n_fft;
        let circle = (0..n)
            .flat_map(|k| {
                let a = std::f64::consts::TAU * k as f64 / n as f64;
                [a.cos() as f32, a.sin() as f32]
            })
            .collect();
        Self::pack(plan, circle)
    }

    fn pack(plan: &MelPlan, circle: Vec<f32>) -> Self {
        let t = &plan.tables;
        let mut tables = t.half_window.clone();
        let split_at = tables.len() as u32;
        tables.extend(circle);
        let twiddles_at = tables.len() as u32;
        tables.extend(t.fft.twiddles.iter().flatten());
        let weights_at = tables.len() as u32;
        tables.extend(&t.bank.weights);

        let mut indices = t.fft.position.clone();
        let stages_at = indices.len() as u32;
        for s in &t.fft.stages {
            indices.extend([s.radix as u32, s.len as u32, s.twiddle_offset as u32]);
        }
        let first_bin_at = indices.len() as u32;
        indices.extend(&t.bank.first_bin);
        let offset_at = indices.len() as u32;
        indices.extend(&t.bank.offset);

        let grid = &plan.grid;
        let pooled = grid.pool_frames > 1;
        let fits = (MEL_FUSED_POINTS / t.fft.m).max(1);
        let mut bits = 0;
        for (on, bit) in [(t.magnitude, flags::MAGNITUDE), (t.post.on, flags::LOG)] {
            bits |= if on { bit } else { 0 };
        }
        let params = MelParams {
            n_mels: plan.job.spec.n_mels as u32,
            points: t.fft.m as u32,
            hop: grid.hop as u32,
            pool_frames: grid.pool_frames as u32,
            chunk: grid.chunk as u32,
            stages: t.fft.stages.len() as u32,
            // Outputs of one workgroup: enough frames to keep its 256 invocations busy, few enough that a small
            // batch still fills the device.
            round: (if pooled { fits.min(grid.pool_frames) } else { fits.min(16) }) as u32,
            flags: bits,
            amin: t.post.amin,
            log_scale: t.post.scale,
            log_offset: t.post.offset,
            mean: (1.0 / grid.pool_frames as f64) as f32,
            split_at,
            twiddles_at,
            weights_at,
            stages_at,
            first_bin_at,
            offset_at,
            sqrt_half: std::f32::consts::FRAC_1_SQRT_2,
            ..MelParams::default()
        };
        Self { tables, indices, params }
    }

    /// The uniform block for one dispatch of `outputs` outputs. f16 leaves the device only where bands pair up.
    pub fn params(&self, outputs: usize, pcm: &PcmBuffer, dtype: Dtype) -> MelParams {
        let mut p = MelParams { outputs: outputs as u32, ..self.params };
        if matches!(pcm, PcmBuffer::I16(_)) {
            p.flags |= flags::PCM_I16;
        }
        if self.packs_f16(dtype) {
            p.flags |= flags::OUT_F16;
        }
        p
    }

    /// True when the kernel itself writes f16.
    pub fn packs_f16(&self, dtype: Dtype) -> bool {
        dtype == Dtype::F16 && self.params.n_mels.is_multiple_of(2)
    }

    /// Workgroups of `mel/mel_fused` for `outputs` outputs, `(x, y)`, each at most 65,535.
    pub fn fused_groups(&self, outputs: usize) -> (u32, u32) {
        let per_group = if self.params.pool_frames > 1 { 1 } else { self.params.round as usize };
        spread(outputs.div_ceil(per_group))
    }

    /// Workgroups of `mel/mel_plain`.
    pub fn plain_groups(&self, outputs: usize) -> (u32, u32) {
        spread((outputs * self.params.n_mels as usize).div_ceil(64))
    }
}
