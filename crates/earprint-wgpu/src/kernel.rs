//! A kernel made ready on a device: its bindings and its pipeline, compiled once.

use std::num::NonZeroU64;

use earprint_shaders::{MEL_FUSED, MEL_PLAIN, MelParams};

use crate::KernelChoice;

/// Pipeline and layout of one mel kernel.
pub(crate) struct Kernel {
    pub choice: KernelChoice,
    pub pipeline: wgpu::ComputePipeline,
    pub layout: wgpu::BindGroupLayout,
}

impl Kernel {
    /// Compiles the kernel. Errors go to the scopes around the call.
    pub fn new(device: &wgpu::Device, choice: KernelChoice) -> Self {
        let shader = match choice {
            KernelChoice::Fused => MEL_FUSED,
            KernelChoice::Plain => MEL_PLAIN,
        };
        let descriptor = wgpu::ShaderModuleDescriptor {
            label: Some(shader.name),
            source: wgpu::ShaderSource::Wgsl(shader.source.into()),
        };
        // SAFETY: the text is our own, and stays inside its buffers and terminates for every input `record` passes on:
        // * `pcm`: every start comes from `MelBatch::starts` of slots that `record::check` found inside the samples,
        //   and a kernel reads `FrameGrid::samples(1)` samples from it;
        // * `starts`: indexed by outputs below `params.outputs`, its length;
        // * `tables`, `indices`: offsets and lengths come from the same `GpuTables` that are bound; positions are
        //   below `points`, bands end at bin `points`, offsets hold n_mels + 1 entries;
        // * `points` (workgroup): `round * points <= 2048`, which `GpuTables::fused` checks; pooled sums use bins
        //   up to `points <= 2048`;
        // * `out`: indexed below outputs * n_mels, or half of it where values leave as pairs, its bound size;
        // * loops count up to values of `params` by steps above zero; divisors (radix, block lengths, points, n_mels,
        //   chunk, round) are above zero for every plan.
        // Nothing is read from workgroup memory before the workgroup wrote it.
        let module = unsafe { device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked()) };
        let layout = device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("mel"), entries: &entries() });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("mel"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(shader.name),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some(shader.entry),
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        Self { choice, pipeline, layout }
    }
}

/// Bindings in the order of `common/mel_params.wgsl`.
fn entries() -> [wgpu::BindGroupLayoutEntry; 6] {
    let read = wgpu::BufferBindingType::Storage { read_only: true };
    let types = [
        wgpu::BufferBindingType::Uniform,
        read,
        read,
        read,
        read,
        wgpu::BufferBindingType::Storage { read_only: false },
    ];
    std::array::from_fn(|i| wgpu::BindGroupLayoutEntry {
        binding: i as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: types[i],
            has_dynamic_offset: false,
            min_binding_size: NonZeroU64::new(if i == 0 { size_of::<MelParams>() as u64 } else { 4 }),
        },
        count: None,
    })
}
