//! Device memory: a number of bytes, filled from and read back to slices.

use super::{CudaError, Device, Open, api::Address};
use std::sync::Arc;

/// Device memory, 256-byte aligned; freed when it goes.
#[derive(Debug)]
pub struct Buffer {
    open: Arc<Open>,
    address: Address,
    bytes: u64,
}

impl Buffer {
    /// Size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Address of the byte at `offset`, for `bytes` bytes.
    pub(super) fn range(&self, what: &str, offset: u64, bytes: u64) -> Result<Address, CudaError> {
        if offset.checked_add(bytes).is_some_and(|end| end <= self.bytes) {
            return Ok(self.address + offset);
        }
        Err(CudaError::Argument {
            what: what.to_owned(),
            expected: format!("a range within {} bytes", self.bytes),
            actual: format!("{bytes} bytes from {offset}"),
        })
    }

    /// Whether it was made from `open`.
    pub(super) fn belongs_to(&self, open: &Arc<Open>) -> bool {
        Arc::ptr_eq(&self.open, open)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // A lost context has freed its memory already; the failure says no more.
        if self.open.bind().is_ok() {
            // SAFETY: the address came from cuMemAlloc and is freed once. cuMemFree waits for kernels that still use it.
            unsafe { (self.open.api.memory_free)(self.address) };
        }
    }
}

impl Device {
    /// `bytes` bytes of zeroed device memory (WebGPU's rule, so that a kernel cannot see what was there before); zeroed when it
    /// returns, so that any stream may use it.
    ///
    /// # Errors
    /// [`CudaError::OutOfMemory`].
    pub fn alloc(&self, bytes: u64) -> Result<Buffer, CudaError> {
        let open = &self.0;
        open.bind()?;
        let size = usize::try_from(bytes).map_err(|_| CudaError::OutOfMemory { bytes })?;
        let mut address = 0;
        // SAFETY: `address` is a live variable. CUDA refuses 0 bytes, so an empty buffer takes one.
        let code = unsafe { (open.api.memory_alloc)(&raw mut address, size.max(1)) };
        open.api.check("cuMemAlloc", code, bytes)?;
        let buffer = Buffer { open: open.clone(), address, bytes };
        // SAFETY: the range is the allocation just made.
        let code = unsafe { (open.api.memory_set)(address, 0, size, open.stream) };
        open.api.check("cuMemsetD8Async", code, 0)?;
        open.synchronize()?;
        Ok(buffer)
    }

    /// Copies `data` into `buffer` from byte `offset` on; done when it returns.
    ///
    /// # Errors
    /// A range outside the buffer, a buffer of another device, or a driver call that fails.
    pub fn upload(&self, buffer: &Buffer, offset: u64, data: &[u8]) -> Result<(), CudaError> {
        let address = self.checked(buffer, "upload", offset, data.len())?;
        let open = &self.0;
        // SAFETY: the range lies in the buffer, `data` lives until the synchronisation below.
        let code = unsafe { (open.api.copy_to_device)(address, data.as_ptr().cast(), data.len(), open.stream) };
        open.api.check("cuMemcpyHtoDAsync", code, 0)?;
        open.synchronize()
    }

    /// Copies bytes of `buffer` from `offset` on into `data`, after all that was asked before; done when it returns.
    ///
    /// # Errors
    /// As [`Device::upload`]; [`CudaError::Lost`] also when an earlier kernel failed.
    pub fn download(&self, buffer: &Buffer, offset: u64, data: &mut [u8]) -> Result<(), CudaError> {
        let address = self.checked(buffer, "download", offset, data.len())?;
        let open = &self.0;
        // SAFETY: the range lies in the buffer, `data` is exclusively ours until the synchronisation below.
        let code = unsafe { (open.api.copy_to_host)(data.as_mut_ptr().cast(), address, data.len(), open.stream) };
        let copied = open.api.check("cuMemcpyDtoHAsync", code, 0);
        // Also after a failure: nothing may write into `data` once it is handed back.
        let done = open.synchronize();
        copied.and(done)
    }

    fn checked(&self, buffer: &Buffer, what: &str, offset: u64, bytes: usize) -> Result<Address, CudaError> {
        if !buffer.belongs_to(&self.0) {
            return Err(CudaError::Argument {
                what: what.to_owned(),
                expected: "a buffer of this device".to_owned(),
                actual: "one of another".to_owned(),
            });
        }
        self.0.bind()?;
        buffer.range(what, offset, bytes as u64)
    }
}
