//! One suite, every backend: each signs up with a name and a constructor. See `src/backends/checks` for what is asked.

use earprint_compute::{Backend, CpuBackend};
use earprint_cuda::{CudaBackend, Options};
use earprint_signal::Width;
use earprint_tests::backends::checks::{CHECKS, run, suite};
use earprint_tests::backends::doubles::{Disturbance, Disturbed};
use earprint_tests::backends::emulated_cuda::EmulatedCuda;
use earprint_tests::backends::example::ExampleBackend;
use earprint_tests::backends::{Candidate, Promise};

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
suite!(CudaEmulated, EmulatedCuda::open().map(|backend| Candidate { clips: 14, ..Candidate::exact(backend) }));
#[cfg(unix)]
suite!(CudaOnHost, host_cuda());
suite!(Cuda, CudaBackend::open(Options::default()).map(Candidate::exact).map_err(|e| e.to_string()));
suite!(Example, Ok(Candidate::within(ExampleBackend::open(), ExampleBackend::BOUND)));

fn cpu(width: Width) -> Result<Candidate, String> {
    if !Width::available().contains(&width) {
        return Err(format!("this machine has no {}", width.name()));
    }
    Ok(Candidate::exact(CpuBackend::with_width(width)))
}

/// The kernel all others are compared with, against the definition: not against itself.
fn cpu_scalar() -> Result<Candidate, String> {
    let against: Box<dyn Backend> = Box::new(ExampleBackend::open());
    let promise = Promise::Within(ExampleBackend::BOUND);
    Ok(Candidate { against, promise, clips: 10, ..Candidate::exact(CpuBackend::with_width(Width::Scalar)) })
}

#[cfg(unix)]
fn host_cuda() -> Result<Candidate, String> {
    let backend = earprint_tests::backends::host_cuda::HostCuda::open(None)?;
    Ok(Candidate { clips: 14, ..Candidate::exact(backend) })
}

/// Every comparison of every check sees one disturbed value a batch: the lowest bit where bits are promised, twice the bound
/// where a bound is.
#[test]
fn every_check_turns_red() {
    let bound = ExampleBackend::BOUND;
    for (promise, how) in [
        (Promise::EqualBits, Disturbance::LowestBit),
        (Promise::Within(bound), Disturbance::Add(2.0 * bound as f32)),
    ] {
        for check in CHECKS {
            let disturbed = Disturbed { inner: Box::new(CpuBackend::new()), how };
            let (report, _) = run(Candidate { promise, clips: 14, ..Candidate::exact(disturbed) }, &[check]);
            assert!(report.comparisons > 0);
            assert_eq!(report.failures.len(), report.comparisons, "{how:?}, {}: {:#?}", check.0, report.failures);
        }
    }
}
