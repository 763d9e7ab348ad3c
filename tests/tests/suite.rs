//! One suite, every backend: each signs up with a name and a constructor. See `src/backends/checks` for what is asked.

use std::sync::Arc;

use earprint_compute::{Backend, ComputeError, CpuBackend, Dtype, MelBatch, MelPlan, PcmBuffer, Slot};
use earprint_cuda::nvrtc::{Nvrtc, NvrtcError};
use earprint_cuda::{CudaBackend, translate::translate};
use earprint_signal::{Width, fft_supports};
use earprint_tests::backends::checks::{CHECKS, jobs, run, suite};
use earprint_tests::backends::doubles::{Disturbance, Disturbed};
use earprint_tests::backends::emulated_cuda::EmulatedCuda;
use earprint_tests::backends::example::ExampleBackend;
use earprint_tests::backends::vulkan::on_every_driver;
use earprint_tests::backends::{Candidate, Promise, compute};
use earprint_wgpu::{AdapterChoice, WgpuBackend, adapters};

/// Signs a backend up: a test of the suite's checks, or the reason why it is skipped.
macro_rules! suite {
    ($name:ident, $open:expr) => {
        #[test]
        #[allow(non_snake_case)] // the backend's name
        fn $name() {
            suite(stringify!($name), || $open);
        }
    };
}

suite!(CpuScalar, cpu_scalar());
suite!(CpuPortable4, cpu(Width::Portable4));
suite!(CpuAvx2, cpu(Width::Avx2));
suite!(CpuAvx512, cpu(Width::Avx512));
suite!(CpuThreads, Ok(Candidate::exact(CpuBackend::threaded())));
suite!(CudaEmulated, EmulatedCuda::open().map(|backend| Candidate { clips: 28, ..Candidate::exact(backend) }));
suite!(
    CudaEmulatedPlain,
    EmulatedCuda::open_plain().map(|backend| Candidate::within(backend, ExampleBackend::BOUND_DB))
);
#[cfg(unix)]
suite!(CudaOnHost, host_cuda());
suite!(Cuda, CudaBackend::open(earprint_cuda::Options::default()).map(Candidate::exact).map_err(absent));
suite!(Example, Ok(Candidate::within(ExampleBackend::open(), ExampleBackend::BOUND_DB)));

/// Why a device is skipped. One that is there and does not open is no skip.
fn absent(error: ComputeError) -> String {
    assert!(["E_GPU_LIBRARY", "E_GPU_NO_DEVICE"].contains(&error.code()), "{error}");
    error.to_string()
}

fn cpu(width: Width) -> Result<Candidate, String> {
    if !Width::available().contains(&width) {
        return Err(format!("this machine has no {}", width.name()));
    }
    Ok(Candidate::exact(CpuBackend::with_width(width)))
}

/// The kernel all others are compared with, against the definition: not against itself.
fn cpu_scalar() -> Result<Candidate, String> {
    let against: Box<dyn Backend> = Box::new(ExampleBackend::open());
    let promise = Promise::Within(ExampleBackend::BOUND_DB);
    Ok(Candidate { against, promise, clips: 10, ..Candidate::exact(CpuBackend::with_width(Width::Scalar)) })
}

#[cfg(unix)]
fn host_cuda() -> Result<Candidate, String> {
    let backend = earprint_tests::backends::host_cuda::HostCuda::open(None)?;
    Ok(Candidate { clips: 28, ..Candidate::exact(backend) })
}

/// Every Vulkan driver of this machine, each in a process of its own: the loader reads which one to use once per process.
#[test]
#[allow(non_snake_case)] // the backend's name
fn Wgpu() {
    on_every_driver("wgpu_on_one_driver");
}

#[test]
#[ignore = "run by `Wgpu`"]
fn wgpu_on_one_driver() {
    let found = pollster::block_on(adapters());
    if found.is_empty() {
        println!("Wgpu             skipped, because this driver finds no device");
    }
    for (index, line) in found.into_iter().enumerate() {
        let adapter = AdapterChoice::Index(index);
        let options = earprint_wgpu::Options { adapter, allow_software: true, ..earprint_wgpu::Options::default() };
        suite("Wgpu", || {
            let backend = pollster::block_on(WgpuBackend::open(options)).map_err(absent)?;
            // A driver of a real GPU may fuse or reorder.
            let exact = ["llvmpipe", "SwiftShader"].iter().any(|name| line.name.contains(name));
            let promise = if exact { Promise::EqualBits } else { Promise::Within(ExampleBackend::BOUND_DB) };
            Ok(Candidate { promise, clips: if exact { 8 } else { 356 }, ..Candidate::exact(backend) })
        });
    }
}

/// NVRTC needs no GPU: every kernel's translation compiles for old and new ones, without a fused or inexact instruction.
#[test]
fn every_translated_kernel_compiles_to_ptx() {
    let nvrtc = match Nvrtc::open(None) {
        Ok(nvrtc) => nvrtc,
        Err(NvrtcError::Library(why)) => {
            println!("skipped, because {why}");
            return;
        }
        Err(other) => panic!("{other}"),
    };
    let known = nvrtc.architectures().unwrap_or_else(|e| panic!("{e}"));
    let mut asked: Vec<u32> = [75, 80, 90].into_iter().filter(|arch| known.contains(arch)).collect();
    asked.extend(known.last().filter(|arch| !asked.contains(arch)));
    assert!(!asked.is_empty(), "NVRTC knows none of 75, 80, 90: {known:?}");
    for shader in earprint_shaders::ALL {
        let kernel = translate(shader.source, shader.entry).unwrap_or_else(|e| panic!("{}: {e}", shader.name));
        assert_eq!(kernel.workgroup_size, [shader.workgroup_size, 1, 1]);
        for arch in &asked {
            let ptx = nvrtc.compile(&kernel, &format!("compute_{arch}")).unwrap_or_else(|e| panic!("{e}"));
            let text = String::from_utf8(ptx).expect("PTX is text");
            assert!(text.contains(&format!(".visible .entry {}", kernel.symbol)), "{}", shader.name);
            for inexact in ["fma.", ".ftz", ".approx"] {
                assert!(!text.contains(inexact), "{} for compute_{arch}: {inexact}", shader.name);
            }
        }
        println!("{}: PTX for compute_{asked:?}, NVRTC {:?}", shader.name, nvrtc.version());
    }
}

/// Every size of the transform there is, pooled and not, inside its buffers (the emulator looks) and with the CPU's bits. Chunks
/// are shorter and longer than a round, cut by it, and left over.
#[test]
fn the_fused_kernel_stays_inside_its_buffers_at_every_size() {
    let mut emulated = match EmulatedCuda::open() {
        Ok(emulated) => emulated,
        Err(why) => return println!("skipped, because {why}"),
    };
    let mut cpu = CpuBackend::new();
    let (mut sizes, mut seed) = (0, 0);
    for n_fft in (16..=4096).filter(|&n| fft_supports(n)) {
        sizes += 1;
        for (hop, frames) in [(16, 37), (64, 9), (48, 5), (256, 2), (n_fft, 1)] {
            seed += 1;
            let n_mels = 1 + seed % 33;
            let job = jobs::pooled(n_fft, hop, n_fft + (frames - 1) * hop + seed % 7, n_mels);
            let dtype = if seed % 2 == 0 { Dtype::F16 } else { Dtype::F32 };
            let plan = jobs::plan(&job, dtype);
            // Samples end with the last frame of the last output.
            let outputs = 1 + seed % 3;
            let samples = jobs::clip(&job, seed as u64, plan.grid.samples(outputs));
            let batch = MelBatch { pcm: PcmBuffer::I16(samples), slots: vec![Slot { start: 0, outputs }] };
            let want = compute(&mut cpu, &plan, &batch).expect("the CPU computes");
            let got = compute(&mut emulated, &plan, &batch);
            assert!(
                got.as_ref() == Ok(&want),
                "n_fft {n_fft} hop {hop} frames {frames} n_mels {n_mels} {dtype:?}: {:?}",
                got.err()
            );
        }
    }
    println!("{sizes} sizes, {seed} jobs: inside their buffers, equal bits");

    // The emulator does look: a bin that lies behind the points.
    let right = jobs::plan(&jobs::preset("leak"), Dtype::F32);
    let mut tables = (*right.tables).clone();
    tables.fft.position[1] = 4096;
    let wrong = Arc::new(MelPlan { tables: Arc::new(tables), ..(*right).clone() });
    let batch = jobs::batch(&right.job, &[jobs::clip(&right.job, 1, 40_960)]);
    let text = compute(&mut emulated, &wrong, &batch).expect_err("an index too far").to_string();
    assert!(text.contains("index 4096 outside 4096 elements"), "{text}");
}

/// Every comparison of every check sees one disturbed value a batch: the lowest bit where bits are promised; half a unit where
/// a bound is, which is more than a step of f16 and than the bound in the quietest bands.
#[test]
fn every_check_turns_red() {
    let within = Promise::Within(ExampleBackend::BOUND_DB);
    for (promise, how) in [(Promise::EqualBits, Disturbance::LowestBit), (within, Disturbance::Add(0.5))] {
        for check in CHECKS {
            let disturbed = Disturbed { inner: Box::new(CpuBackend::new()), how };
            let (report, _) = run(Candidate { promise, clips: 14, ..Candidate::exact(disturbed) }, &[check]);
            assert!(report.comparisons > 0);
            assert_eq!(report.failures.len(), report.comparisons, "{how:?}, {}: {:#?}", check.0, report.failures);
        }
    }
}
