//! From kernel text to a loaded library: launcher, g++, temporary folder.

use super::EmulateError;
use crate::translate::{BindingKind, CudaKernel};
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// Fibers and CUDA's built-in variables, put before the kernel.
const HOST: &str = include_str!("host.h");

/// Options of a shared library, without fast math; [`Rounding`] adds its own.
const OPTIONS: [&str; 8] = [
    "-O2",
    "-std=c++17",
    "-fPIC",
    "-shared",
    "-pthread",
    "-fno-strict-aliasing",
    "-U_FORTIFY_SOURCE",
    "-DEARPRINT_HOST_EMULATION",
];

/// How products and sums round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// Each by itself: what sameness rests on.
    #[default]
    Separate,
    /// Fused to one rounding wherever the compiler can, as drivers of some GPUs do: for finding out how far that leads.
    Fused,
}

impl Rounding {
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Separate => &["-ffp-contract=off"],
            // Other processors fuse without being told that they can.
            Self::Fused if cfg!(target_arch = "x86_64") => &["-ffp-contract=fast", "-mfma"],
            Self::Fused => &["-ffp-contract=fast"],
        }
    }
}

/// A folder that goes with its value.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> std::io::Result<Self> {
        let name = format!("earprint-emulate-{}-{}", std::process::id(), next());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file in it that no other call named.
    pub fn fresh(&self, extension: &str) -> PathBuf {
        self.0.join(format!("kernel-{}.{extension}", next()))
    }
}

/// A number this process has not used yet.
fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder left behind in the temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Compiles `kernel` into a shared library at `path`, with `launch(void** args, unsigned gx, unsigned gy, unsigned gz)` as its face:
/// `args` is the parameter list of `cuLaunchKernel`, the result null or a message. `parameter_bytes` lists the sizes of the parameters,
/// 0 behind the last.
///
/// # Errors
/// No g++ ([`EmulateError::NoCompiler`]), or text that does not compile.
pub fn compile_library(kernel: &CudaKernel, rounding: Rounding, path: &Path) -> Result<(), EmulateError> {
    if !cfg!(unix) {
        return Err(EmulateError::NoCompiler(std::io::Error::new(
            std::io::ErrorKind::Unsupported,
            "the emulator needs Unix fibers",
        )));
    }
    let source = path.with_extension("cpp");
    std::fs::write(&source, full_text(kernel))?;
    let output = Command::new("g++")
        .args(OPTIONS)
        .args(rounding.options())
        .arg("-w")
        .arg("-o")
        .arg(path)
        .arg(&source)
        .output()
        .map_err(EmulateError::NoCompiler)?;
    if !output.status.success() {
        return Err(EmulateError::Compile { log: String::from_utf8_lossy(&output.stderr).into_owned() });
    }
    Ok(())
}

/// Compiles and loads. On Unix the library stays usable after its file is gone, so nothing is left behind.
pub(super) fn load(kernel: &CudaKernel, rounding: Rounding) -> Result<libloading::Library, EmulateError> {
    let scratch = Scratch::new()?;
    let path = scratch.file("kernel.so");
    compile_library(kernel, rounding, &path)?;
    // SAFETY: the library is what we compiled just now; its only initialisers are those of its own static variables.
    Ok(unsafe { libloading::Library::new(&path)? })
}

/// Host part, kernel, and a launcher that unpacks a `cuLaunchKernel`-like parameter list.
fn full_text(kernel: &CudaKernel) -> String {
    // The parameter types are taken from the kernel's own signature, so they cannot disagree with it.
    let mut sizes = String::new();
    let mut count = 0;
    for binding in &kernel.bindings {
        let parameters: &[u32] = match binding.kind {
            BindingKind::Uniform { bytes } => &[bytes],
            BindingKind::StorageRead(_) | BindingKind::StorageReadWrite(_) => &[8, 8],
        };
        count += parameters.len();
        for bytes in parameters {
            let _ = write!(sizes, "{bytes}, ");
        }
    }
    let [x, y, z] = kernel.workgroup_size;
    let CudaKernel { source, symbol, static_shared_bytes, uses_barriers, .. } = kernel;
    let mut text = format!("{HOST}\n{source}\n");
    let _ = write!(
        text,
        "template <class... P, size_t... K> static void ep_unpack(void (*f)(P...), void** args, std::index_sequence<K...>) {{\n\
         \x20 f(*(typename std::remove_cv<P>::type*)args[K]...);\n\
         }}\n\
         static void ep_invoke(void** args) {{ ep_unpack({symbol}, args, std::make_index_sequence<{count}>()); }}\n\
         extern \"C\" const unsigned parameter_bytes[] = {{{sizes}0}};\n\
         extern \"C\" const char* launch(void** args, unsigned gx, unsigned gy, unsigned gz) {{\n\
         \x20 unsigned workers = std::thread::hardware_concurrency();\n\
         \x20 return ep_run(ep_invoke, args, {{{x}, {y}, {z}}}, {{gx, gy, gz}}, {static_shared_bytes}, {uses_barriers}, workers ? workers : 1);\n\
         }}\n"
    );
    text
}
