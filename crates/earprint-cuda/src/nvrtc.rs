//! NVRTC, NVIDIA's run-time compiler: kernel text to PTX or CUBIN. Looked for at run time; needs no GPU.
//!
//! Sought in this order: the path the caller gives, `EARPRINT_NVRTC_LIB`, the PyPI wheel (`pip install nvidia-cuda-nvrtc`) in the
//! active Python environment, in the user's site-packages and beside a `python3` on `PATH`, the loader's own search.

use crate::{
    library::{Library, LibraryError},
    translate::CudaKernel,
};
use std::{
    ffi::{CString, c_char, c_int, c_void},
    path::{Path, PathBuf},
    ptr,
};

/// Options of every compilation: no contraction, no flushing, IEEE division and root. They are part of the CUBIN cache's key.
pub const OPTIONS: [&str; 5] = ["--std=c++17", "--fmad=false", "--ftz=false", "--prec-div=true", "--prec-sqrt=true"];

/// Failure of NVRTC.
#[derive(Debug, thiserror::Error)]
pub enum NvrtcError {
    /// The library is not here, or is not NVRTC: the caller reports a skip or takes another backend.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The text does not compile: a fault of the translator, or an architecture this NVRTC does not know.
    #[error("NVRTC refuses `{entry}` for {arch}:\n{log}")]
    Compile {
        /// Entry point.
        entry: String,
        /// Architecture asked for.
        arch: String,
        /// What NVRTC said.
        log: String,
    },
    /// `arch` is neither `compute_NN` nor `sm_NN`.
    #[error("architecture `{0}`; expected compute_NN (gives PTX) or sm_NN (gives CUBIN)")]
    Architecture(String),
    /// Any other failure of a call.
    #[error("NVRTC: {call} failed with code {code}")]
    Call {
        /// C function.
        call: &'static str,
        /// `nvrtcResult`.
        code: c_int,
    },
}

type Program = *mut c_void;

/// The C functions used, named as in `nvrtc.h`.
#[derive(Debug)]
struct Functions {
    version: unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int,
    arch_count: unsafe extern "C" fn(*mut c_int) -> c_int,
    archs: unsafe extern "C" fn(*mut c_int) -> c_int,
    create: unsafe extern "C" fn(
        *mut Program,
        *const c_char,
        *const c_char,
        c_int,
        *const *const c_char,
        *const *const c_char,
    ) -> c_int,
    compile: unsafe extern "C" fn(Program, c_int, *const *const c_char) -> c_int,
    destroy: unsafe extern "C" fn(*mut Program) -> c_int,
    log: Output,
    ptx: Output,
    cubin: Output,
}

/// A size function and the function that fills as many bytes.
#[derive(Debug, Clone, Copy)]
struct Output {
    size: unsafe extern "C" fn(Program, *mut usize) -> c_int,
    get: unsafe extern "C" fn(Program, *mut c_char) -> c_int,
}

/// A loaded NVRTC.
#[derive(Debug)]
pub struct Nvrtc {
    functions: Functions,
    version: (i32, i32),
    library: Library,
}

impl Nvrtc {
    /// Loads NVRTC from `path`, or from where it is usually found.
    ///
    /// # Errors
    /// [`NvrtcError::Library`] with the places tried.
    pub fn open(path: Option<&Path>) -> Result<Self, NvrtcError> {
        let library = Library::open("NVRTC", &candidates(path))?;
        // SAFETY: the types are those of nvrtc.h (CUDA 12 and 13); `Library` keeps the code loaded as long as `Nvrtc` lives.
        let functions = unsafe {
            let output = |size: &'static str, get: &'static str| {
                Ok::<_, LibraryError>(Output { size: library.function(size)?, get: library.function(get)? })
            };
            Functions {
                version: library.function("nvrtcVersion")?,
                arch_count: library.function("nvrtcGetNumSupportedArchs")?,
                archs: library.function("nvrtcGetSupportedArchs")?,
                create: library.function("nvrtcCreateProgram")?,
                compile: library.function("nvrtcCompileProgram")?,
                destroy: library.function("nvrtcDestroyProgram")?,
                log: output("nvrtcGetProgramLogSize", "nvrtcGetProgramLog")?,
                ptx: output("nvrtcGetPTXSize", "nvrtcGetPTX")?,
                cubin: output("nvrtcGetCUBINSize", "nvrtcGetCUBIN")?,
            }
        };
        let (mut major, mut minor) = (0, 0);
        // SAFETY: both pointers are to live integers.
        check("nvrtcVersion", unsafe { (functions.version)(&raw mut major, &raw mut minor) })?;
        Ok(Self { functions, version: (major, minor), library })
    }

    /// NVRTC's version, major and minor.
    #[must_use]
    pub fn version(&self) -> (i32, i32) {
        self.version
    }

    /// Architectures it compiles for, ascending: 75 is `compute_75` and `sm_75`.
    ///
    /// # Errors
    /// A call that fails.
    pub fn architectures(&self) -> Result<Vec<u32>, NvrtcError> {
        let mut count = 0;
        // SAFETY: `count` is a live integer.
        check("nvrtcGetNumSupportedArchs", unsafe { (self.functions.arch_count)(&raw mut count) })?;
        let mut archs = vec![0; usize::try_from(count).unwrap_or(0)];
        // SAFETY: `archs` has as many integers as the library said it fills.
        check("nvrtcGetSupportedArchs", unsafe { (self.functions.archs)(archs.as_mut_ptr()) })?;
        Ok(archs.into_iter().filter_map(|arch| u32::try_from(arch).ok()).collect())
    }

    /// File it was loaded from.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.library.path()
    }

    /// Compiles `kernel` for `arch`: PTX text (with its terminating zero) for `compute_NN`, CUBIN for `sm_NN`.
    ///
    /// # Errors
    /// Text that does not compile, with NVRTC's log.
    pub fn compile(&self, kernel: &CudaKernel, arch: &str) -> Result<Vec<u8>, NvrtcError> {
        let output = if arch.starts_with("compute_") {
            self.functions.ptx
        } else if arch.starts_with("sm_") {
            self.functions.cubin
        } else {
            return Err(NvrtcError::Architecture(arch.to_owned()));
        };
        let program = self.program(kernel)?;
        let mut options: Vec<CString> = OPTIONS.iter().map(|&option| c_string(option)).collect();
        options.push(c_string(&format!("--gpu-architecture={arch}")));
        let pointers: Vec<_> = options.iter().map(|option| option.as_ptr()).collect();
        // SAFETY: `program` is live; `pointers` holds as many terminated strings as the count says.
        let code = unsafe { (self.functions.compile)(program.handle, pointers.len() as c_int, pointers.as_ptr()) };
        if code != 0 {
            let log = program.read(self.functions.log)?;
            return Err(NvrtcError::Compile {
                entry: kernel.entry.clone(),
                arch: arch.to_owned(),
                log: String::from_utf8_lossy(&log).trim_end_matches(['\0', '\n']).to_owned(),
            });
        }
        program.read(output)
    }

    fn program(&self, kernel: &CudaKernel) -> Result<OpenProgram<'_>, NvrtcError> {
        let (source, name) = (c_string(&kernel.source), c_string(&format!("{}.cu", kernel.symbol)));
        let mut handle = ptr::null_mut();
        // SAFETY: both strings are terminated and outlive the call; no headers are given, so their arrays may be null.
        let code = unsafe {
            (self.functions.create)(&raw mut handle, source.as_ptr(), name.as_ptr(), 0, ptr::null(), ptr::null())
        };
        check("nvrtcCreateProgram", code)?;
        Ok(OpenProgram { nvrtc: self, handle })
    }
}

/// A program that is destroyed when it goes.
struct OpenProgram<'n> {
    nvrtc: &'n Nvrtc,
    handle: Program,
}

impl OpenProgram<'_> {
    fn read(&self, output: Output) -> Result<Vec<u8>, NvrtcError> {
        let mut size = 0;
        // SAFETY: the program is live and `size` is a live integer.
        check("size of an output", unsafe { (output.size)(self.handle, &raw mut size) })?;
        let mut bytes = vec![0u8; size];
        // SAFETY: `bytes` has the size that the library asked for.
        check("reading an output", unsafe { (output.get)(self.handle, bytes.as_mut_ptr().cast()) })?;
        Ok(bytes)
    }
}

impl Drop for OpenProgram<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle came from nvrtcCreateProgram and is destroyed once.
        unsafe { (self.nvrtc.functions.destroy)(&raw mut self.handle) };
    }
}

/// [`Nvrtc::compile`] with the NVRTC that is usually found.
///
/// # Errors
/// No NVRTC, or text that does not compile.
pub fn compile(kernel: &CudaKernel, arch: &str) -> Result<Vec<u8>, NvrtcError> {
    Nvrtc::open(None)?.compile(kernel, arch)
}

fn check(call: &'static str, code: c_int) -> Result<(), NvrtcError> {
    if code == 0 { Ok(()) } else { Err(NvrtcError::Call { call, code }) }
}

fn c_string(text: &str) -> CString {
    CString::new(text).expect("emitted text and options hold no zero byte")
}

/// Where NVRTC may be. A path that the caller names is not second-guessed.
fn candidates(path: Option<&Path>) -> Vec<PathBuf> {
    if let Some(path) = path {
        return vec![path.to_owned()];
    }
    if let Some(path) = std::env::var_os("EARPRINT_NVRTC_LIB") {
        return vec![path.into()];
    }
    let mut found: Vec<PathBuf> = python_roots().iter().flat_map(|root| in_python(root)).collect();
    let names =
        if cfg!(windows) { ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll"] } else { ["libnvrtc.so.13", "libnvrtc.so.12"] };
    found.extend(names.map(PathBuf::from));
    if cfg!(unix) {
        found.push("libnvrtc.so".into());
        found.push("/usr/local/cuda/lib64/libnvrtc.so".into());
    }
    found
}

/// Folders below which a Python keeps its packages, the active environment first.
fn python_roots() -> Vec<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let mut roots: Vec<PathBuf> = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(variable).collect();
    roots.extend(variable("HOME").map(|home| home.join(".local")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let with_python = |folder: &PathBuf| folder.join("python3").exists() || folder.join("python.exe").exists();
    for folder in std::env::split_paths(&path).filter(with_python) {
        // `bin` on Unix; Windows keeps python.exe at the root.
        let root = if cfg!(windows) { Some(folder.as_path()) } else { folder.parent() };
        roots.extend(root.map(Path::to_owned));
    }
    roots
}

/// `libnvrtc` of the PyPI wheel below a Python environment: `…/site-packages/nvidia/*/lib` (or `bin` on Windows).
fn in_python(root: &Path) -> Vec<PathBuf> {
    let list = |folder: PathBuf| -> Vec<PathBuf> {
        // A folder that cannot be read holds nothing for us.
        std::fs::read_dir(folder).map(|entries| entries.flatten().map(|e| e.path()).collect()).unwrap_or_default()
    };
    let mut sites = vec![root.join("Lib").join("site-packages")];
    let named = |folder: &PathBuf| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python"));
    for python in list(root.join("lib")).into_iter().filter(named) {
        // Debian's name is the second.
        sites.extend(["site-packages", "dist-packages"].map(|name| python.join(name)));
    }
    let mut found = Vec::new();
    for package in sites.into_iter().flat_map(|site| list(site.join("nvidia"))) {
        for folder in ["lib", "bin"] {
            found.extend(list(package.join(folder)).into_iter().filter(|file| {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                (name.starts_with("libnvrtc.so") || name.starts_with("nvrtc64_")) && !name.contains("builtins")
            }));
        }
    }
    // The newest first.
    found.sort();
    found.reverse();
    found
}
