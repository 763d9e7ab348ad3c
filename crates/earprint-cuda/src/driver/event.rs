//! Points in a device's stream, to measure what lies between them.

use super::{CudaError, Device, Open, api::Handle};
use std::{ptr, sync::Arc};

/// A point in the stream.
#[derive(Debug)]
pub struct Event {
    open: Arc<Open>,
    handle: Handle,
}

// SAFETY: as for `Open`: driver handles may be used from any thread, and no field changes.
unsafe impl Send for Event {}
// SAFETY: as above.
unsafe impl Sync for Event {}

impl Device {
    /// Marks the current end of the stream.
    ///
    /// # Errors
    /// A driver call that fails.
    pub fn event(&self) -> Result<Event, CudaError> {
        let open = &self.0;
        open.bind()?;
        let mut handle = ptr::null_mut();
        // SAFETY: `handle` is a live variable; flag 0 keeps timing on.
        let code = unsafe { (open.api.event_create)(&raw mut handle, 0) };
        open.api.check("cuEventCreate", code, 0)?;
        let event = Event { open: open.clone(), handle };
        // SAFETY: event and stream are live and of one context.
        let code = unsafe { (open.api.event_record)(handle, open.stream) };
        open.api.check("cuEventRecord", code, 0)?;
        Ok(event)
    }
}

impl Event {
    /// Waits for `end` and returns the milliseconds from `self` to it, with a resolution of about half a microsecond.
    ///
    /// # Errors
    /// [`CudaError::Lost`] when a kernel before `end` failed, or a driver call that fails.
    pub fn elapsed_ms(&self, end: &Self) -> Result<f32, CudaError> {
        let api = &self.open.api;
        self.open.bind()?;
        let mut milliseconds = 0.0;
        // SAFETY: both events are live and recorded; `milliseconds` is a live variable.
        unsafe {
            api.check("cuEventSynchronize", (api.event_synchronize)(end.handle), 0)?;
            let code = (api.event_elapsed)(&raw mut milliseconds, self.handle, end.handle);
            api.check("cuEventElapsedTime", code, 0)?;
        }
        Ok(milliseconds)
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if self.open.bind().is_ok() {
            // SAFETY: the event is ours and destroyed once; the driver keeps it until it has been reached.
            unsafe { (self.open.api.event_destroy)(self.handle) };
        }
    }
}
