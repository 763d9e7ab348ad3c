//! The driver half: against a libcuda made of host memory (needs g++), and against a real GPU where there is one.

mod kernels;

use earprint_cuda::{
    driver::{CudaError, Device, Driver, LaunchArg},
    translate::translate,
};

#[test]
fn a_missing_driver_is_an_error() {
    match Driver::open(Some("/nonexistent/libcuda.so.1".as_ref())) {
        Err(CudaError::NoDriver(reason)) => assert!(reason.to_string().contains("/nonexistent"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

/// SAXPY on any device; the words expected, exactly.
fn saxpy(device: &Device, kernel: &earprint_cuda::driver::Kernel) {
    let n = 1000u32;
    let bytes = |f: &dyn Fn(u32) -> f32| (0..n).flat_map(|i| f(i).to_ne_bytes()).collect::<Vec<u8>>();
    let (x, y) = (|i: u32| i as f32 * 0.1, |i: u32| 1.0 / (i + 1) as f32);
    let (bx, by) = (device.alloc(4 * u64::from(n) + 16).unwrap(), device.alloc(4 * u64::from(n)).unwrap());
    device.upload(&bx, 16, &bytes(&x)).unwrap();
    device.upload(&by, 0, &bytes(&y)).unwrap();
    let mut params = (n - 1).to_ne_bytes().to_vec();
    params.extend(1.7f32.to_ne_bytes());
    let start = device.event().unwrap();
    let args = [
        LaunchArg::Uniform(&params),
        LaunchArg::Range { buffer: &bx, offset: 16, bytes: 4 * u64::from(n) },
        LaunchArg::Buffer(&by),
    ];
    kernel.launch([n.div_ceil(64), 1, 1], &args).unwrap();
    kernel.launch([0, 1, 1], &args).unwrap();
    let end = device.event().unwrap();
    let mut got = vec![0; 4 * n as usize];
    device.download(&by, 0, &mut got).unwrap();
    assert_eq!(got, bytes(&|i| if i < n - 1 { 1.7 * x(i) + y(i) } else { y(i) }));
    assert!(start.elapsed_ms(&end).unwrap() >= 0.0);
}

#[test]
fn real_device() {
    let device = match Device::open(0) {
        Ok(device) => device,
        Err(skip @ (CudaError::NoDriver(_) | CudaError::NoDevice { .. })) => {
            println!("skipped, because {skip}");
            return;
        }
        Err(other) => panic!("{other}"),
    };
    println!("{:?}", device.info());
    match device.load(&translate(kernels::arithmetic::SAXPY, "saxpy").unwrap()) {
        Ok(kernel) => saxpy(&device, &kernel),
        Err(CudaError::Nvrtc(skip)) => println!("skipped, because {skip}"),
        Err(other) => panic!("{other}"),
    }
}

#[cfg(not(feature = "emulate"))]
#[test]
fn fake_device() {
    println!("skipped, because the feature `emulate` is off");
}

#[cfg(all(feature = "emulate", unix))]
mod fake {
    use super::*;
    use earprint_cuda::emulate::{EmulateError, HostDriver, Live};

    const BROKEN: &str = "@group(0) @binding(0) var<storage, read_write> out: array<u32>;
        @compute @workgroup_size(8) fn broken(@builtin(local_invocation_index) i: u32) { out[i + 100u] = 1u; }";

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

    #[test]
    fn fake_device() {
        let Some(machine) = machine() else { return };
        machine.limit_memory(1 << 20);
        let driver = machine.open().unwrap();
        let devices = driver.devices().unwrap();
        assert_eq!((devices.len(), devices[0].name.as_str()), (1, "Fake GPU"));
        assert_eq!((devices[0].compute_capability, devices[0].driver_version), ((9, 0), (12, 8)));
        assert!(matches!(driver.device(1), Err(CudaError::NoDevice { ordinal: 1, count: 1 })));

        let device = driver.device(0).unwrap();
        assert_eq!(device.memory().unwrap(), (1 << 20, 1 << 20));
        let kernel = machine.load(&device, &translate(kernels::arithmetic::SAXPY, "saxpy").unwrap()).unwrap();
        saxpy(&device, &kernel);
        // From another thread: contexts are per thread in CUDA.
        std::thread::scope(|scope| scope.spawn(|| saxpy(&device, &kernel)).join().unwrap());

        let zeroed = device.alloc(64).unwrap();
        let mut bytes = [1; 64];
        device.download(&zeroed, 0, &mut bytes).unwrap();
        assert_eq!(bytes, [0; 64]);
        assert!(matches!(device.alloc(1 << 30), Err(CudaError::OutOfMemory { bytes: 0x4000_0000 })));
        assert!(matches!(device.upload(&zeroed, 60, &[0; 8]), Err(CudaError::Argument { .. })));
        assert!(matches!(device.download(&zeroed, u64::MAX, &mut [0; 2]), Err(CudaError::Argument { .. })));

        let block = [0; 8];
        let (u, b) = (LaunchArg::Uniform(&block), LaunchArg::Buffer(&zeroed));
        let misplaced = LaunchArg::Range { buffer: &zeroed, offset: 8, bytes: 16 };
        let outside = LaunchArg::Range { buffer: &zeroed, offset: 48, bytes: 32 };
        let empty = LaunchArg::Range { buffer: &zeroed, offset: 16, bytes: 0 };
        for args in [
            vec![u, b],
            vec![b, b, b],
            vec![u, u, b],
            vec![LaunchArg::Uniform(&block[..4]), b, b],
            vec![u, misplaced, b],
            vec![u, outside, b],
            vec![u, empty, b],
        ] {
            assert!(matches!(kernel.launch([1, 1, 1], &args), Err(CudaError::Argument { .. })), "{args:?}");
        }
        // SAFETY: what this driver calls an image, a terminated path; there is no such file.
        let absent = unsafe { device.load_image(kernel.kernel(), b"/nonexistent\0") };
        assert!(matches!(absent, Err(CudaError::Call { code: 200, .. })));

        let one = Live { buffers: 1, modules: 1, contexts: 1, staging: 0, streams: 1 };
        assert_eq!(machine.live(), one, "one context with its stream, one module, one buffer are left");
        let broken = machine.load(&device, &translate(BROKEN, "broken").unwrap()).unwrap();
        broken.launch([1, 1, 1], &[b]).unwrap();
        match device.synchronize() {
            Err(CudaError::Lost { name, code, .. }) => {
                assert_eq!((name.as_str(), code), ("CUDA_ERROR_ILLEGAL_ADDRESS", 700))
            }
            other => panic!("{other:?}"),
        }
        drop((zeroed, kernel, broken, device));
        assert_eq!(machine.live(), Live::default(), "everything is given back");
    }

    #[test]
    fn streams_run_beside_each_other_and_host_memory_waits() {
        let Some(machine) = machine() else { return };
        let device = machine.open().unwrap().device(0).unwrap();
        let (a, b) = (device.stream().unwrap(), device.stream().unwrap());
        let buffers: Vec<_> = (0..2).map(|_| device.alloc(1000).unwrap()).collect();
        let (mut up_a, mut up_b) = (a.staging(1000).unwrap(), b.staging(1000).unwrap());
        let (mut down_a, mut down_b) = (a.staging(2000).unwrap(), b.staging(1000).unwrap());
        for (n, up, down, buffer) in
            [(1, &mut up_a, &mut down_a, &buffers[0]), (2, &mut up_b, &mut down_b, &buffers[1])]
        {
            assert_eq!(up.wait().unwrap(), [0; 1000]);
            up.wait().unwrap().fill(n);
            up.upload(buffer, 1000).unwrap();
            down.download(buffer, 1000).unwrap();
        }
        assert_eq!(machine.busy_streams(), 2, "queued on both, nobody waited");
        // Filling the memory again waits for the copy that still reads it.
        up_a.wait().unwrap().fill(9);
        assert_eq!(machine.busy_streams(), 1, "a wait for one stream is none for the other");
        assert_eq!(down_a.wait().unwrap()[..1000], [1; 1000]);
        assert_eq!(down_b.wait().unwrap(), [2; 1000]);
        assert!(matches!(up_a.upload(&buffers[0], 1001), Err(CudaError::Argument { .. })));
        assert!(matches!(down_a.download(&buffers[0], 1001), Err(CudaError::Argument { .. })));

        // Memory that goes while a copy is under way goes after it.
        up_a.wait().unwrap().fill(5);
        up_a.upload(&buffers[0], 1000).unwrap();
        drop(up_a);
        down_a.download(&buffers[0], 1000).unwrap();
        assert_eq!(down_a.wait().unwrap()[..1000], [5; 1000]);

        let other = machine.open().unwrap().device(0).unwrap();
        let foreign = other.alloc(16).unwrap();
        assert!(matches!(down_a.download(&foreign, 16), Err(CudaError::Argument { .. })));
        drop((up_b, down_a, down_b, buffers, a, b, device, foreign, other));
        assert_eq!(machine.live(), Live::default());
    }
}
