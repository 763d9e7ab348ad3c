//! Loaded kernels and their launch: bindings become the parameter list that `translate`'s kernel ABI describes.

use super::{
    Buffer, CudaError, Open, Stream,
    api::{Address, Handle},
};
use crate::translate::{BindingKind, CudaKernel};
use std::{
    ffi::{CString, c_void},
    ptr,
    sync::Arc,
};

/// One argument per binding, in the order of [`CudaKernel::bindings`].
#[derive(Debug, Clone, Copy)]
pub enum LaunchArg<'a> {
    /// A uniform block: exactly the binding's bytes; copied at the launch.
    Uniform(&'a [u8]),
    /// A whole buffer.
    Buffer(&'a Buffer),
    /// Part of a buffer.
    Range {
        /// The buffer.
        buffer: &'a Buffer,
        /// First byte; a multiple of 16.
        offset: u64,
        /// Number of bytes.
        bytes: u64,
    },
}

/// A kernel on a device.
#[derive(Debug)]
pub struct Kernel {
    open: Arc<Open>,
    module: Handle,
    function: Handle,
    kernel: CudaKernel,
}

// SAFETY: as for `Open`: driver handles may be used from any thread, and no field changes.
unsafe impl Send for Kernel {}
// SAFETY: as above.
unsafe impl Sync for Kernel {}

/// The value of one kernel parameter.
enum Parameter<'a> {
    Block(&'a [u8]),
    Word(u64),
}

impl Kernel {
    /// Loads `image`.
    ///
    /// # Safety
    /// As `Device::load_image`.
    pub(super) unsafe fn load(open: Arc<Open>, kernel: &CudaKernel, image: &[u8]) -> Result<Self, CudaError> {
        open.bind()?;
        let mut module = ptr::null_mut();
        // SAFETY: the caller vouches that the image is whole.
        let code = unsafe { (open.api.module_load)(&raw mut module, image.as_ptr().cast()) };
        open.api.check("cuModuleLoadData", code, 0)?;
        // From here on dropping `loaded` unloads the module.
        let mut loaded = Self { open, module, function: ptr::null_mut(), kernel: kernel.clone() };
        let symbol = CString::new(kernel.symbol.as_str()).expect("a C++ name holds no zero byte");
        let mut function = ptr::null_mut();
        // SAFETY: the module is live, the name terminated.
        let code = unsafe { (loaded.open.api.module_function)(&raw mut function, module, symbol.as_ptr()) };
        loaded.open.api.check("cuModuleGetFunction", code, 0)?;
        loaded.function = function;
        Ok(loaded)
    }

    /// The kernel's facts.
    #[must_use]
    pub fn kernel(&self) -> &CudaKernel {
        &self.kernel
    }

    /// Queues `groups` workgroups on the device's own stream; returns before they have run. No workgroups in a dimension: nothing is done, as in WebGPU.
    ///
    /// The kernel's indices are not checked: buffers have to be as long as the kernel's card says, and must not overlap where
    /// one is written.
    ///
    /// # Errors
    /// Arguments that do not fit the bindings, or a launch the driver refuses. What a kernel does wrong shows at the next
    /// synchronisation or download.
    pub fn launch(&self, groups: [u32; 3], args: &[LaunchArg]) -> Result<(), CudaError> {
        self.queue(self.open.stream, groups, args)
    }

    /// [`Kernel::launch`] on another stream.
    ///
    /// # Errors
    /// As [`Kernel::launch`]; also a stream of another device.
    pub fn launch_on(&self, stream: &Stream, groups: [u32; 3], args: &[LaunchArg]) -> Result<(), CudaError> {
        let handle = stream.handle_on(&self.open).ok_or_else(|| CudaError::Argument {
            what: format!("stream of `{}`", self.kernel.entry),
            expected: "one of this device".to_owned(),
            actual: "one of another".to_owned(),
        })?;
        self.queue(handle, groups, args)
    }

    fn queue(&self, stream: Handle, groups: [u32; 3], args: &[LaunchArg]) -> Result<(), CudaError> {
        let parameters = self.parameters(args)?;
        if groups.contains(&0) {
            return Ok(());
        }
        let mut pointers: Vec<*mut c_void> = parameters
            .iter()
            .map(|parameter| match parameter {
                Parameter::Block(bytes) => bytes.as_ptr().cast_mut().cast(),
                Parameter::Word(word) => ptr::from_ref(word).cast_mut().cast(),
            })
            .collect();
        let ([gx, gy, gz], [bx, by, bz]) = (groups, self.kernel.workgroup_size);
        let open = &self.open;
        open.bind()?;
        // SAFETY: function and stream are live; the pointers follow the kernel ABI, parameter by parameter, with the sizes checked
        // above. The driver reads the parameters before it returns and does not write them.
        let code = unsafe {
            (open.api.launch)(self.function, gx, gy, gz, bx, by, bz, 0, stream, pointers.as_mut_ptr(), ptr::null_mut())
        };
        open.api.check("cuLaunchKernel", code, 0)
    }

    fn parameters<'a>(&self, args: &[LaunchArg<'a>]) -> Result<Vec<Parameter<'a>>, CudaError> {
        let bindings = &self.kernel.bindings;
        if args.len() != bindings.len() {
            return Err(CudaError::Argument {
                what: format!("arguments of `{}`", self.kernel.entry),
                expected: bindings.len().to_string(),
                actual: args.len().to_string(),
            });
        }
        let mut parameters = Vec::new();
        for (arg, binding) in args.iter().zip(bindings) {
            let what = format!("binding `{}` of `{}`", binding.name, self.kernel.entry);
            let wrong = |expected: String, actual: String| CudaError::Argument { what: what.clone(), expected, actual };
            let (buffer, offset, bytes) = match *arg {
                LaunchArg::Uniform(block) => {
                    let BindingKind::Uniform { bytes } = binding.kind else {
                        return Err(wrong("a buffer".to_owned(), "a uniform block".to_owned()));
                    };
                    if block.len() != bytes as usize {
                        return Err(wrong(format!("{bytes} bytes"), format!("{} bytes", block.len())));
                    }
                    parameters.push(Parameter::Block(block));
                    continue;
                }
                LaunchArg::Buffer(buffer) => (buffer, 0, buffer.bytes()),
                LaunchArg::Range { buffer, offset, bytes } => (buffer, offset, bytes),
            };
            let layout = match binding.kind {
                BindingKind::StorageRead(layout) | BindingKind::StorageReadWrite(layout) => layout,
                BindingKind::Uniform { .. } => {
                    return Err(wrong("a uniform block".to_owned(), "a buffer".to_owned()));
                }
            };
            if !buffer.belongs_to(&self.open) {
                return Err(wrong("a buffer of this device".to_owned(), "one of another".to_owned()));
            }
            if offset % 16 != 0 {
                return Err(wrong("an offset that is a multiple of 16".to_owned(), offset.to_string()));
            }
            let address: Address = buffer.range(&what, offset, bytes)?;
            let len = layout.len_elements(bytes).ok_or_else(|| {
                let least = layout.header_bytes + layout.element_bytes;
                wrong(format!("at least {least} bytes"), format!("{bytes} bytes"))
            })?;
            parameters.push(Parameter::Word(address));
            parameters.push(Parameter::Word(len));
        }
        Ok(parameters)
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        // A lost context has dropped its modules already.
        if self.open.bind().is_ok() {
            // SAFETY: the module is ours; unloading waits for nothing, so what is queued, on any stream, is waited for first.
            unsafe {
                (self.open.api.context_synchronize)();
                (self.open.api.module_unload)(self.module);
            }
        }
    }
}
