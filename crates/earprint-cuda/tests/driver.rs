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
    use earprint_cuda::emulate::{EmulateError, compile_library};
    use std::{path::PathBuf, process::Command};

    /// Builds the fake driver and one kernel as a library; `None`, with the reason printed, without g++.
    fn build() -> Option<(PathBuf, PathBuf, PathBuf)> {
        let folder = std::env::temp_dir().join(format!("earprint-fake-cuda-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (driver, image, broken) = (folder.join("libfake.so"), folder.join("saxpy.so"), folder.join("broken.so"));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fake_cuda.cpp");
        match Command::new("g++").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&driver).arg(source).arg("-ldl").status()
        {
            Err(reason) => {
                println!("skipped, because g++ cannot be run: {reason}");
                return None;
            }
            Ok(status) => assert!(status.success()),
        }
        for (wgsl, entry, file) in [(kernels::arithmetic::SAXPY, "saxpy", &image), (BROKEN, "broken", &broken)] {
            match compile_library(&translate(wgsl, entry).unwrap(), file) {
                Err(EmulateError::NoCompiler(_)) => return None,
                other => other.unwrap(),
            }
        }
        Some((driver, image, broken))
    }

    const BROKEN: &str = "@group(0) @binding(0) var<storage, read_write> out: array<u32>;
        @compute @workgroup_size(8) fn broken(@builtin(local_invocation_index) i: u32) { out[i + 100u] = 1u; }";

    fn text(path: &std::path::Path) -> Vec<u8> {
        [path.to_str().unwrap().as_bytes(), b"\0"].concat()
    }

    // One test: the fake driver, like a real one, is one object for the process, and its last part loses the device.
    #[test]
    fn fake_device() {
        let Some((library, image, broken)) = build() else { return };
        // SAFETY: the library is ours; `fake_live` has this type.
        let probe = unsafe { libloading::Library::new(&library) }.unwrap();
        // SAFETY: as above.
        let live = unsafe { *probe.get::<extern "C" fn() -> i32>(b"fake_live\0").unwrap() };

        let driver = Driver::open(Some(&library)).unwrap();
        let devices = driver.devices().unwrap();
        assert_eq!((devices.len(), devices[0].name.as_str()), (1, "Fake GPU"));
        assert_eq!((devices[0].compute_capability, devices[0].driver_version), ((9, 0), (12, 8)));
        assert!(matches!(driver.device(1), Err(CudaError::NoDevice { ordinal: 1, count: 1 })));

        let device = driver.device(0).unwrap();
        assert_eq!(device.memory().unwrap(), (1 << 19, 1 << 20));
        // SAFETY: what the fake driver calls an image: a terminated path.
        let load = |kernel: &_, image: &[u8]| unsafe { device.load_image(kernel, image) };
        let kernel = load(&translate(kernels::arithmetic::SAXPY, "saxpy").unwrap(), &text(&image)).unwrap();
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
        assert!(matches!(load(kernel.kernel(), b"/nonexistent\0"), Err(CudaError::Call { code: 200, .. })));
        let wrong = translate(BROKEN, "broken").unwrap();
        assert!(matches!(load(&wrong, &text(&image)), Err(CudaError::Call { code: 500, .. })));

        assert_eq!(live(), 10000 + 100 + 1, "one context, one module, one buffer are left");
        let broken = load(&wrong, &text(&broken)).unwrap();
        broken.launch([1, 1, 1], &[b]).unwrap();
        match device.synchronize() {
            Err(CudaError::Lost { name, code, .. }) => {
                assert_eq!((name.as_str(), code), ("CUDA_ERROR_ILLEGAL_ADDRESS", 700))
            }
            other => panic!("{other:?}"),
        }
        drop((zeroed, kernel, broken, device));
        assert_eq!(live(), 0, "everything is given back");
        std::fs::remove_dir_all(library.parent().unwrap()).unwrap();
    }
}
