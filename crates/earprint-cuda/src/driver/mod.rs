//! Kernels on a CUDA device, through the driver API. Nothing of CUDA is needed to build; libcuda is sought when a driver is opened.
//!
//! Every [`Device`] has a stream of its own, on which uploads, launches and downloads happen in the order of the calls; work that
//! shall overlap goes to a [`Stream`] each. Everything made from a device ([`Buffer`], [`Kernel`], [`Event`], [`Stream`],
//! [`Staging`]) keeps it open. After [`CudaError::Lost`] all of it is dead and the device is opened anew.

mod api;
mod buffer;
mod cache;
mod error;
mod event;
mod kernel;
mod stream;

pub use buffer::Buffer;
pub use error::CudaError;
pub use event::Event;
pub use kernel::{Kernel, LaunchArg};
pub use stream::{Staging, Stream};

use crate::{nvrtc::Nvrtc, translate::CudaKernel};
use api::{Api, Handle};
use std::{
    ffi::{CStr, c_char, c_int},
    path::Path,
    ptr,
    sync::Arc,
};

/// What is known of a device before it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Number of the device, as [`Device::open`] takes it.
    pub ordinal: usize,
    /// Its name, such as "NVIDIA H200".
    pub name: String,
    /// Its memory in bytes.
    pub memory_bytes: u64,
    /// Compute capability, major and minor.
    pub compute_capability: (u32, u32),
    /// CUDA version of the driver, major and minor.
    pub driver_version: (u32, u32),
}

/// A loaded libcuda.
#[derive(Debug, Clone)]
pub struct Driver(Arc<Api>);

impl Driver {
    /// Loads libcuda from `path`, or from where drivers are installed, and initialises it.
    ///
    /// # Errors
    /// [`CudaError::NoDriver`], or [`CudaError::NoDevice`] where the driver finds no GPU.
    pub fn open(path: Option<&Path>) -> Result<Self, CudaError> {
        let api = Api::open(path)?;
        // SAFETY: no preconditions; the flags must be 0.
        let code = unsafe { (api.init)(0) };
        api.check("cuInit", code, 0)?;
        Ok(Self(Arc::new(api)))
    }

    /// All devices.
    ///
    /// # Errors
    /// A driver call that fails.
    pub fn devices(&self) -> Result<Vec<DeviceInfo>, CudaError> {
        (0..self.count()?).map(|ordinal| self.info(ordinal).map(|(_, info)| info)).collect()
    }

    /// Opens device `ordinal`.
    ///
    /// # Errors
    /// [`CudaError::NoDevice`], or a driver call that fails.
    pub fn device(&self, ordinal: usize) -> Result<Device, CudaError> {
        let count = self.count()?;
        if ordinal >= count {
            return Err(CudaError::NoDevice { ordinal, count });
        }
        let (device, info) = self.info(ordinal)?;
        let api = self.0.clone();
        let mut context = ptr::null_mut();
        // SAFETY: `device` came from cuDeviceGet; `context` is a live variable.
        let code = unsafe { (api.context_retain)(&raw mut context, device) };
        api.check("cuDevicePrimaryCtxRetain", code, 0)?;
        // From here on dropping `open` gives the context back.
        let mut open = Open { api, device, context, stream: ptr::null_mut(), info };
        open.bind()?;
        let mut stream = ptr::null_mut();
        // SAFETY: the context is current. Flag 1 is CU_STREAM_NON_BLOCKING: no waiting for other users of the default stream.
        let code = unsafe { (open.api.stream_create)(&raw mut stream, 1) };
        open.api.check("cuStreamCreate", code, 0)?;
        open.stream = stream;
        Ok(Device(Arc::new(open)))
    }

    fn count(&self) -> Result<usize, CudaError> {
        let mut count = 0;
        // SAFETY: `count` is a live variable.
        let code = unsafe { (self.0.device_count)(&raw mut count) };
        self.0.check("cuDeviceGetCount", code, 0)?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    fn info(&self, ordinal: usize) -> Result<(c_int, DeviceInfo), CudaError> {
        let api = &self.0;
        let (mut device, mut memory, mut version) = (0, 0usize, 0);
        let mut name: [c_char; 256] = [0; 256];
        // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR.
        let (mut major, mut minor) = (0, 0);
        // SAFETY: all pointers lead to live variables; the name's length is given, and the driver terminates it.
        unsafe {
            api.check("cuDeviceGet", (api.device_get)(&raw mut device, ordinal as c_int), 0)?;
            api.check("cuDeviceGetName", (api.device_name)(name.as_mut_ptr(), 255, device), 0)?;
            api.check("cuDeviceTotalMem", (api.device_memory)(&raw mut memory, device), 0)?;
            api.check("cuDeviceGetAttribute", (api.device_attribute)(&raw mut major, 75, device), 0)?;
            api.check("cuDeviceGetAttribute", (api.device_attribute)(&raw mut minor, 76, device), 0)?;
            api.check("cuDriverGetVersion", (api.driver_version)(&raw mut version), 0)?;
        }
        // SAFETY: the array ends with a zero that the driver cannot have overwritten.
        let name = unsafe { CStr::from_ptr(name.as_ptr()) }.to_string_lossy().into_owned();
        let info = DeviceInfo {
            ordinal,
            name,
            memory_bytes: memory as u64,
            compute_capability: (major as u32, minor as u32),
            driver_version: (version as u32 / 1000, version as u32 % 1000 / 10),
        };
        Ok((device, info))
    }
}

/// An open device: context, and a stream of its own.
#[derive(Debug, Clone)]
pub struct Device(Arc<Open>);

/// What a device holds; gone when the last user is.
#[derive(Debug)]
struct Open {
    api: Arc<Api>,
    device: c_int,
    context: Handle,
    stream: Handle,
    info: DeviceInfo,
}

// SAFETY: the driver API may be called from any thread; handles are not tied to the thread that made them, and each call makes
// the context current first.
unsafe impl Send for Open {}
// SAFETY: as above; the driver serialises calls on one stream, and no field changes after `Driver::device`.
unsafe impl Sync for Open {}

impl Open {
    /// Makes the context current on this thread, which every other call needs.
    fn bind(&self) -> Result<(), CudaError> {
        // SAFETY: the context is live until `self` drops.
        let code = unsafe { (self.api.context_set_current)(self.context) };
        self.api.check("cuCtxSetCurrent", code, 0)
    }

    fn synchronize(&self) -> Result<(), CudaError> {
        self.bind()?;
        // SAFETY: the stream is live until `self` drops.
        let code = unsafe { (self.api.stream_synchronize)(self.stream) };
        self.api.check("cuStreamSynchronize", code, 0)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // Failures of a lost context have been reported by the call that met them.
        let _ = self.bind();
        // SAFETY: nothing made from the device is left (each holds an Arc of it), so both handles are ours alone.
        unsafe {
            if !self.stream.is_null() {
                (self.api.stream_destroy)(self.stream);
            }
            (self.api.context_release)(self.device);
        }
    }
}

impl Device {
    /// Opens device `ordinal` of the installed driver.
    ///
    /// # Errors
    /// [`CudaError::NoDriver`] or [`CudaError::NoDevice`] where there is none.
    pub fn open(ordinal: usize) -> Result<Self, CudaError> {
        Driver::open(None)?.device(ordinal)
    }

    /// The device's facts.
    #[must_use]
    pub fn info(&self) -> &DeviceInfo {
        &self.0.info
    }

    /// Free and total memory in bytes, now.
    ///
    /// # Errors
    /// A driver call that fails.
    pub fn memory(&self) -> Result<(u64, u64), CudaError> {
        self.0.bind()?;
        let (mut free, mut total) = (0, 0);
        // SAFETY: both pointers lead to live variables.
        let code = unsafe { (self.0.api.memory_info)(&raw mut free, &raw mut total) };
        self.0.api.check("cuMemGetInfo", code, 0)?;
        Ok((free as u64, total as u64))
    }

    /// Compiles `kernel` for this device (or takes the CUBIN from the user's cache) and loads it.
    ///
    /// # Errors
    /// No NVRTC, text it refuses, or an image the driver refuses.
    pub fn load(&self, kernel: &CudaKernel) -> Result<Kernel, CudaError> {
        self.load_with(&Nvrtc::open(None)?, kernel)
    }

    /// [`Device::load`] with an NVRTC at hand: for more than one kernel.
    ///
    /// # Errors
    /// As [`Device::load`].
    pub fn load_with(&self, nvrtc: &Nvrtc, kernel: &CudaKernel) -> Result<Kernel, CudaError> {
        let (major, minor) = self.0.info.compute_capability;
        let arch = format!("sm_{major}{minor}");
        let image = cache::get_or_make(nvrtc.version(), &arch, kernel, || nvrtc.compile(kernel, &arch))?;
        // SAFETY: the image is NVRTC's CUBIN of this very kernel, from memory or from a file whose hash was right.
        unsafe { self.load_image(kernel, &image) }
    }

    /// Loads a finished image of `kernel`.
    ///
    /// # Errors
    /// An image the driver refuses, or one without the kernel's symbol.
    ///
    /// # Safety
    /// `image` has to be a whole CUBIN, or PTX with its terminating zero (the driver is not told its length), compiled from
    /// `kernel.source`.
    pub unsafe fn load_image(&self, kernel: &CudaKernel, image: &[u8]) -> Result<Kernel, CudaError> {
        // SAFETY: the caller vouches for the image.
        unsafe { Kernel::load(self.0.clone(), kernel, image) }
    }

    /// Waits until everything queued on the device's own stream is done.
    ///
    /// # Errors
    /// [`CudaError::Lost`] when a kernel failed since the last call.
    pub fn synchronize(&self) -> Result<(), CudaError> {
        self.0.synchronize()
    }
}
