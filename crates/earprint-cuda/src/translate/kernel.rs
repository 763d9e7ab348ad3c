//! What a translation returns: the text, and all a launcher has to know about it.

/// One binding of the kernel, as the launcher sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingInfo {
    /// WGSL `@group`.
    pub group: u32,
    /// WGSL `@binding`.
    pub binding: u32,
    /// The variable's WGSL name.
    pub name: String,
    /// Its kind and size.
    pub kind: BindingKind,
}

/// Kind and size of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingKind {
    /// A uniform block, passed by value.
    Uniform {
        /// Size of the block in bytes, WGSL uniform layout.
        bytes: u32,
    },
    /// A storage buffer the kernel only reads.
    StorageRead(StorageLayout),
    /// A storage buffer the kernel may write.
    StorageReadWrite(StorageLayout),
}

/// How bytes of a storage binding become elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageLayout {
    /// Bytes before the runtime array; the whole size where there is none.
    pub header_bytes: u32,
    /// Stride of the runtime array in bytes; 0 where there is none.
    pub element_bytes: u32,
}

impl StorageLayout {
    /// The length parameter for a binding of `bytes` bytes; `None` when it is too small to hold the header and one element.
    #[must_use]
    pub fn len_elements(self, bytes: u64) -> Option<u64> {
        let rest = bytes.checked_sub(u64::from(self.header_bytes))?;
        match u64::from(self.element_bytes) {
            0 => Some(1),
            stride => (rest >= stride).then_some(rest / stride),
        }
    }
}

/// A translated kernel: text for NVRTC (or for the emulator), and its launch facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CudaKernel {
    /// CUDA C++, prelude included; needs no header.
    pub source: String,
    /// WGSL name of the entry point.
    pub entry: String,
    /// Name of the `extern "C"` kernel in `source`: the entry's name with `_kernel` behind it, so that `main` is legal.
    pub symbol: String,
    /// Invocations per workgroup in x, y, z; the block shape.
    pub workgroup_size: [u32; 3],
    /// Bindings used, ascending by `(group, binding)`: the order of the parameters.
    pub bindings: Vec<BindingInfo>,
    /// Bytes of `__shared__` memory, all static.
    pub static_shared_bytes: u32,
    /// Whether invocations of a workgroup wait for each other.
    pub uses_barriers: bool,
}

/// What a translation may be told. The default is what every shared kernel uses.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// Zero workgroup variables before the kernel body, as WGSL demands. Off by default: our kernels write before they read
    /// (the emulator fills shared memory with a pattern to show where one does not), and zeroing costs time.
    pub zero_workgroup_memory: bool,
    /// Translate `sin`, `exp`, `inverseSqrt` and their kind to CUDA's functions instead of refusing. Gives up sameness.
    pub allow_inexact: bool,
    /// Values of `override` constants by name (or by number for those with `@id`); others take their defaults.
    pub overrides: Vec<(String, f64)>,
}
