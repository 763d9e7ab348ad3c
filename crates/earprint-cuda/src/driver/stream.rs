//! Streams beside the device's own, and host memory that they copy from and to while the caller goes on.
//!
//! A copy under way reads or writes host memory behind Rust's back. That memory therefore belongs to a [`Staging`], which is
//! tied to one stream, and its bytes are handed out only after waiting for that stream. It is page-locked: from ordinary
//! memory the driver would copy once more, and make the caller wait.

use super::{Buffer, CudaError, Device, Open, api::Handle};
use std::{ffi::c_void, ptr, sync::Arc};

/// A queue of copies and launches in order; queues of one device run beside each other.
#[derive(Debug, Clone)]
pub struct Stream(Arc<OpenStream>);

#[derive(Debug)]
struct OpenStream {
    open: Arc<Open>,
    handle: Handle,
}

// SAFETY: as for `Open`: driver handles may be used from any thread, and no field changes.
unsafe impl Send for OpenStream {}
// SAFETY: as above; the driver serialises calls on one stream.
unsafe impl Sync for OpenStream {}

impl OpenStream {
    fn synchronize(&self) -> Result<(), CudaError> {
        self.open.bind()?;
        // SAFETY: the stream is live until `self` drops.
        let code = unsafe { (self.open.api.stream_synchronize)(self.handle) };
        self.open.api.check("cuStreamSynchronize", code, 0)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        if self.open.bind().is_ok() {
            // SAFETY: the stream is ours and destroyed once; the driver finishes what is queued on it.
            unsafe { (self.open.api.stream_destroy)(self.handle) };
        }
    }
}

impl Device {
    /// A new stream.
    ///
    /// # Errors
    /// A driver call that fails.
    pub fn stream(&self) -> Result<Stream, CudaError> {
        let open = &self.0;
        open.bind()?;
        let mut handle = ptr::null_mut();
        // SAFETY: the context is current, `handle` is a live variable. Flag 1 is CU_STREAM_NON_BLOCKING.
        let code = unsafe { (open.api.stream_create)(&raw mut handle, 1) };
        open.api.check("cuStreamCreate", code, 0)?;
        Ok(Stream(Arc::new(OpenStream { open: open.clone(), handle })))
    }
}

impl Stream {
    /// Waits until everything queued here is done.
    ///
    /// # Errors
    /// [`CudaError::Lost`] when a kernel failed.
    pub fn synchronize(&self) -> Result<(), CudaError> {
        self.0.synchronize()
    }

    /// `bytes` bytes of zeroed, page-locked host memory for copies on this stream.
    ///
    /// # Errors
    /// [`CudaError::OutOfMemory`] where the system locks no more pages.
    pub fn staging(&self, bytes: u64) -> Result<Staging, CudaError> {
        let open = &self.0.open;
        open.bind()?;
        let size = usize::try_from(bytes).map_err(|_| CudaError::OutOfMemory { bytes })?.max(1);
        let mut first: *mut c_void = ptr::null_mut();
        // SAFETY: `first` is a live variable; no flags.
        let code = unsafe { (open.api.host_alloc)(&raw mut first, size, 0) };
        open.api.check("cuMemHostAlloc", code, bytes)?;
        // SAFETY: the allocation just made, `size` bytes long.
        unsafe { ptr::write_bytes(first.cast::<u8>(), 0, size) };
        Ok(Staging { stream: self.0.clone(), first: first.cast(), size })
    }

    /// The driver's handle, for a kernel of device `open`.
    pub(super) fn handle_on(&self, open: &Arc<Open>) -> Option<Handle> {
        Arc::ptr_eq(&self.0.open, open).then_some(self.0.handle)
    }
}

/// Page-locked host memory of one stream; freed when it goes, after the stream is done with it.
#[derive(Debug)]
pub struct Staging {
    stream: Arc<OpenStream>,
    first: *mut u8,
    size: usize,
}

impl Staging {
    /// Size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.size as u64
    }

    /// The memory, once everything queued on the stream is done.
    ///
    /// # Errors
    /// [`CudaError::Lost`] when a kernel on the stream failed.
    pub fn wait(&mut self) -> Result<&mut [u8], CudaError> {
        self.stream.synchronize()?;
        // SAFETY: `size` initialised bytes that are ours alone. No copy is under way: the stream is empty, and `upload` and
        // `download` cannot queue one while the slice is borrowed from `self`.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.first, self.size) })
    }

    /// Queues a copy of the first `bytes` bytes to the start of `buffer`.
    ///
    /// # Errors
    /// More bytes than either has, a buffer of another device, or a driver call that fails.
    pub fn upload(&mut self, buffer: &Buffer, bytes: u64) -> Result<(), CudaError> {
        let (address, size) = self.both("upload", buffer, bytes)?;
        let OpenStream { open, handle } = &*self.stream;
        // SAFETY: both ranges are checked. The memory stays as it is until the copy is done: every way to it, and its end, wait.
        let code = unsafe { (open.api.copy_to_device)(address, self.first.cast(), size, *handle) };
        open.api.check("cuMemcpyHtoDAsync", code, 0)
    }

    /// Queues a copy of the first `bytes` bytes of `buffer` to the start of the memory.
    ///
    /// # Errors
    /// As [`Staging::upload`].
    pub fn download(&mut self, buffer: &Buffer, bytes: u64) -> Result<(), CudaError> {
        let (address, size) = self.both("download", buffer, bytes)?;
        let OpenStream { open, handle } = &*self.stream;
        // SAFETY: as in `upload`.
        let code = unsafe { (open.api.copy_to_host)(self.first.cast(), address, size, *handle) };
        open.api.check("cuMemcpyDtoHAsync", code, 0)
    }

    /// Device address and size of a copy of `bytes` bytes; makes the context current.
    fn both(&self, what: &str, buffer: &Buffer, bytes: u64) -> Result<(u64, usize), CudaError> {
        let wrong = |expected: String, actual: String| CudaError::Argument { what: what.to_owned(), expected, actual };
        if !buffer.belongs_to(&self.stream.open) {
            return Err(wrong("a buffer of this device".to_owned(), "one of another".to_owned()));
        }
        if bytes > self.bytes() {
            return Err(wrong(format!("at most {} bytes of host memory", self.size), bytes.to_string()));
        }
        self.stream.open.bind()?;
        Ok((buffer.range(what, 0, bytes)?, bytes as usize))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // A lost context copies no more; its memory may stay locked until the process ends.
        if self.stream.synchronize().is_ok() {
            // SAFETY: the memory came from cuMemHostAlloc and is freed once, with no copy under way.
            unsafe { (self.stream.open.api.host_free)(self.first.cast()) };
        }
    }
}
