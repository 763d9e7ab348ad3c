//! [`CudaBackend`] on a machine made of host memory: what overlaps, what is refused, what is left after an error. Its values are
//! the suite's (`tests/tests/suite.rs`). `--features emulate`; needs g++.

use earprint_cuda::{CudaBackend, Options, devices};

#[test]
fn without_a_driver_there_is_a_reason() {
    match (CudaBackend::open(Options::default()).err(), devices()) {
        (None, Ok(lines)) => println!("{lines:?}"),
        (Some(error), Ok(lines)) => {
            println!("{error}");
            assert!(lines.iter().any(|line| line.why_not.is_some()), "{error}, but {lines:?}");
        }
        (opened, Err(error)) => {
            println!("skipped, because {error}");
            assert_eq!(opened.map(|e| e.code()), Some(error.code()));
            assert!(["E_GPU_LIBRARY", "E_GPU_NO_DEVICE", "E_GPU_FAILED"].contains(&error.code()));
        }
    }
}

#[cfg(not(feature = "emulate"))]
#[test]
fn on_host_memory() {
    println!("skipped, because the feature `emulate` is off");
}

#[cfg(all(feature = "emulate", unix))]
mod on_host_memory {
    use std::sync::Arc;

    use earprint_compute::{
        Backend, ComputeError, CpuBackend, Dtype, Kind, MelBatch, MelPlan, MelValues, PcmBuffer, Slot,
    };
    use earprint_core::MelJob;
    use earprint_cuda::emulate::{EmulateError, HostDriver, Live};
    use earprint_cuda::{CudaBackend, mel, translate::translate};
    use pollster::block_on;

    /// A machine; `None`, with the reason printed, without g++.
    fn machine() -> Option<HostDriver> {
        match HostDriver::new() {
            Ok(machine) => Some(machine),
            Err(skip @ EmulateError::NoCompiler(_)) => {
                println!("{skip}");
                None
            }
            Err(other) => panic!("{other}"),
        }
    }

    fn open(machine: &HostDriver, budget_bytes: Option<u64>) -> CudaBackend {
        let device = machine.open().unwrap().device(0).unwrap();
        let kernel = machine.load(&device, &mel::kernel().unwrap()).unwrap();
        CudaBackend::on(device, kernel, budget_bytes).unwrap()
    }

    fn plan() -> Arc<MelPlan> {
        Arc::new(MelPlan::new(MelJob::preset("leak").unwrap(), Dtype::F16).unwrap())
    }

    /// `outputs` outputs over as many samples as they need.
    fn batch(plan: &MelPlan, outputs: usize, seed: i32) -> MelBatch {
        let sample = |i: usize| ((i as i32).wrapping_mul(7919 + seed) % 20_011) as i16;
        let pcm = PcmBuffer::I16((0..plan.grid.samples(outputs)).map(sample).collect());
        MelBatch { pcm, slots: vec![Slot { start: 0, outputs }] }
    }

    fn compute(backend: &mut dyn Backend, plan: &Arc<MelPlan>, batch: &MelBatch) -> Result<MelValues, ComputeError> {
        let ticket = backend.submit(plan, batch)?;
        block_on(backend.collect(ticket))
    }

    #[test]
    fn two_batches_overlap_and_a_third_is_refused() {
        let Some(machine) = machine() else { return };
        let (mut gpu, mut cpu, plan) = (open(&machine, None), CpuBackend::new(), plan());
        assert_eq!((gpu.info().kind, gpu.info().device.as_str(), gpu.depth()), (Kind::Cuda, "Fake GPU", 2));
        assert_eq!(gpu.budget().total, 256 << 20, "a quarter of 1 GiB");
        let (a, b) = (batch(&plan, 9, 1), batch(&plan, 20, 2));
        let first = gpu.submit(&plan, &a).unwrap();
        let second = gpu.submit(&plan, &b).unwrap();
        assert_eq!(machine.busy_streams(), 2, "nobody waited for either");
        assert_eq!(gpu.submit(&plan, &a).unwrap_err().code(), "E_GPU_FAILED");
        assert_eq!(block_on(gpu.collect(first)), compute(&mut cpu, &plan, &a));
        assert_eq!(machine.busy_streams(), 1, "collecting one waits for one");
        // The first one's buffers are used again, and grow, while the second is under way.
        let third = gpu.submit(&plan, &batch(&plan, 30, 3)).unwrap();
        assert_eq!(block_on(gpu.collect(second)), compute(&mut cpu, &plan, &b));
        assert_eq!(block_on(gpu.collect(third)), compute(&mut cpu, &plan, &batch(&plan, 30, 3)));
        let kept = machine.live();
        assert_eq!(
            (kept.buffers, kept.staging, kept.streams),
            (2 + 4, 4, 3),
            "tables; two sets; the device's own stream"
        );
        for seed in 0..5 {
            compute(&mut gpu, &plan, &batch(&plan, 20, seed)).unwrap();
        }
        assert_eq!(machine.live(), kept, "nothing is made anew");
        let _left_behind = gpu.submit(&plan, &a).unwrap();
        drop(gpu);
        assert_eq!(machine.live(), Live::default(), "all is given back, the batch under way too");
    }

    #[test]
    fn memory_that_runs_out_is_one_error_and_a_smaller_batch_fits() {
        let Some(machine) = machine() else { return };
        let (mut gpu, mut cpu, plan) = (open(&machine, None), CpuBackend::new(), plan());
        compute(&mut gpu, &plan, &batch(&plan, 100, 1)).unwrap();
        machine.limit_memory(100 << 10);
        let large = batch(&plan, 300, 1);
        assert!(matches!(gpu.submit(&plan, &large), Err(ComputeError::OutOfMemory { bytes, .. }) if bytes > 150_000));
        let small = batch(&plan, 100, 4);
        assert_eq!(compute(&mut gpu, &plan, &small), compute(&mut cpu, &plan, &small));
        drop(gpu);

        let mut gpu = open(&machine, Some(40_000));
        assert_eq!(gpu.budget().largest_buffer, 40_000);
        assert_eq!(gpu.submit(&plan, &small).unwrap_err().code(), "E_GPU_MEMORY");
        let fits = batch(&plan, gpu.budget().outputs_alone(&plan, 2), 4);
        assert_eq!(compute(&mut gpu, &plan, &fits), compute(&mut cpu, &plan, &fits));
    }

    #[test]
    fn a_lost_device_says_so_from_then_on() {
        let Some(machine) = machine() else { return };
        let (mut gpu, plan) = (open(&machine, None), plan());
        let one = batch(&plan, 5, 1);
        let (a, b) = (gpu.submit(&plan, &one).unwrap(), gpu.submit(&plan, &one).unwrap());
        machine.lose();
        let lost = |error: ComputeError| assert_eq!(error.code(), "E_GPU_LOST", "{error}");
        lost(block_on(gpu.collect(a)).unwrap_err());
        lost(block_on(gpu.collect(b)).unwrap_err());
        lost(gpu.submit(&plan, &one).unwrap_err());
    }

    #[test]
    fn a_kernel_that_leaves_its_buffers_loses_the_device() {
        let Some(machine) = machine() else { return };
        let (mut gpu, plan) = (open(&machine, None), plan());
        let mut tables = (*plan.tables).clone();
        tables.fft.position[1] = 4096;
        let wrong = Arc::new(MelPlan { tables: Arc::new(tables), ..(*plan).clone() });
        let error = compute(&mut gpu, &wrong, &batch(&plan, 5, 1)).unwrap_err();
        assert!(error.to_string().contains("CUDA_ERROR_ILLEGAL_ADDRESS"), "{error}");
        assert_eq!(gpu.submit(&plan, &batch(&plan, 5, 1)).unwrap_err().code(), "E_GPU_LOST");
    }

    #[test]
    fn what_cannot_be_done_is_an_error_and_harms_nothing() {
        let Some(machine) = machine() else { return };
        let (mut gpu, mut cpu, plan) = (open(&machine, None), CpuBackend::new(), plan());
        let good = batch(&plan, 5, 1);
        let mut beyond = good.clone();
        beyond.slots[0].start = 1;
        assert!(gpu.submit(&plan, &beyond).unwrap_err().to_string().contains("slot 0"));
        let mut job = MelJob::preset("librosa").unwrap();
        (job.spec.n_fft, job.spec.win_length) = (8192, 8192);
        let large = Arc::new(MelPlan::new(job, Dtype::F32).unwrap());
        let error = gpu.submit(&large, &batch(&large, 1, 1)).unwrap_err();
        assert!(error.code() == "E_GPU_UNSUPPORTED" && error.to_string().contains("8192"), "{error}");
        assert_eq!(compute(&mut gpu, &plan, &good), compute(&mut cpu, &plan, &good));

        let device = machine.open().unwrap().device(0).unwrap();
        let wgsl = "@group(0) @binding(0) var<storage, read_write> out: array<u32>;
            @compute @workgroup_size(1) fn other() { out[0] = 1u; }";
        let other = machine.load(&device, &translate(wgsl, "other").unwrap()).unwrap();
        assert!(CudaBackend::on(device, other, None).err().unwrap().to_string().contains("`other`"));
    }
}
