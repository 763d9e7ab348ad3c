//! Everything that can go wrong on a device, brought to one place: uncaptured errors, error scopes, the loss of the
//! device, and wgpu's own panics. A user sees a [`ComputeError`], never a panic.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use earprint_compute::ComputeError;

/// What has gone wrong on one device so far. Shared with the callbacks wgpu calls.
pub(crate) struct Faults {
    backend: &'static str,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The end: every later call answers with this.
    dead: Option<ComputeError>,
    /// First error outside every scope, until somebody is told.
    first: Option<ComputeError>,
}

impl Faults {
    /// Listens to `device`.
    pub fn listen(device: &wgpu::Device, backend: &'static str) -> Arc<Self> {
        let faults = Arc::new(Self { backend, state: Mutex::default() });
        let to = faults.clone();
        // Without a handler wgpu panics at the first error outside a scope.
        device.on_uncaptured_error(Arc::new(move |error| {
            let error = to.error(&error, 0);
            to.lock().first.get_or_insert(error);
        }));
        let to = faults.clone();
        device.set_device_lost_callback(move |reason, message| {
            let why = if message.is_empty() { format!("{reason:?}") } else { format!("{reason:?}: {message}") };
            to.lose(why);
        });
        faults
    }

    /// The device is gone.
    pub fn lose(&self, why: String) {
        self.lock().dead.get_or_insert(ComputeError::DeviceLost { backend: self.backend, why });
    }

    /// What must be said now: the end of the device for good, an uncaptured error once.
    pub fn check(&self) -> Result<(), ComputeError> {
        let mut state = self.lock();
        match state.dead.clone().or_else(|| state.first.take()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Name of the backend.
    pub fn backend(&self) -> &'static str {
        self.backend
    }

    /// `Failed` in the backend's name.
    pub fn failed(&self, why: impl Into<String>) -> ComputeError {
        ComputeError::Failed { backend: self.backend, why: why.into() }
    }

    /// A wgpu error of a batch of `bytes`.
    pub fn error(&self, error: &wgpu::Error, bytes: u64) -> ComputeError {
        match error {
            wgpu::Error::OutOfMemory { .. } => ComputeError::OutOfMemory { backend: self.backend, bytes },
            other => self.failed(other.to_string()),
        }
    }

    /// Runs `entry`, turning a panic into the end of the device: its state is unknown from then on.
    pub fn guard<T>(&self, entry: impl FnOnce() -> Result<T, ComputeError>) -> Result<T, ComputeError> {
        catch_unwind(AssertUnwindSafe(entry)).unwrap_or_else(|panic| Err(self.panicked(panic.as_ref())))
    }

    /// [`Self::guard`] for a future.
    pub async fn guard_async<T>(
        &self,
        entry: impl Future<Output = Result<T, ComputeError>>,
    ) -> Result<T, ComputeError> {
        caught(entry).await.unwrap_or_else(|why| Err(self.end(&why)))
    }

    fn panicked(&self, panic: &(dyn Any + Send)) -> ComputeError {
        self.end(&words(panic))
    }

    /// A panic after the loss of the device is the loss: wgpu panics where it waits for a device that is gone.
    fn end(&self, why: &str) -> ComputeError {
        let error = self.failed(format!("wgpu panicked: {why}"));
        self.lock().dead.get_or_insert(error).clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while holding the lock leaves whole values behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Polls `future` to its end; a panic inside becomes its words.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => std::task::Poll::Ready(Err(words(panic.as_ref()))),
    })
    .await
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// What the scopes of one batch caught: known at once natively, later in a browser.
pub(crate) type ScopeError = Pin<Box<dyn Future<Output = Option<wgpu::Error>>>>;

/// Scopes for every kind of error, closed in reverse order whatever happens.
pub(crate) struct Scopes(Vec<wgpu::ErrorScopeGuard>);

impl Scopes {
    /// From here on errors belong to these scopes.
    pub fn open(device: &wgpu::Device) -> Self {
        use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};
        Self([OutOfMemory, Validation, Internal].map(|f| device.push_error_scope(f)).into())
    }

    /// Up to here. Yields the first error, memory before the rest: without memory, later calls complain as well.
    pub fn close(mut self) -> ScopeError {
        let mut caught: Vec<ScopeError> = Vec::new();
        while let Some(scope) = self.0.pop() {
            caught.push(Box::pin(scope.pop()));
        }
        Box::pin(async move {
            let mut first = None;
            for error in caught.into_iter().rev() {
                let error = error.await;
                first = first.or(error);
            }
            first
        })
    }
}

impl Drop for Scopes {
    fn drop(&mut self) {
        while let Some(scope) = self.0.pop() {
            drop(scope);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults() -> Faults {
        Faults { backend: "vulkan", state: Mutex::default() }
    }

    #[test]
    fn a_panic_is_an_error_and_the_end() {
        let f = faults();
        assert_eq!(f.guard(|| Ok(3)), Ok(3));
        let error = f.guard(|| -> Result<(), _> { panic!("deep inside") }).unwrap_err();
        assert!(error.code() == "E_GPU_FAILED" && error.to_string().contains("deep inside"), "{error}");
        assert_eq!(f.check(), Err(error.clone()));
        assert_eq!(f.check(), Err(error));
        let f = faults();
        let late = async { Err(f.failed(String::from_utf8(vec![0xff]).expect("later"))) };
        let late = pollster::block_on(f.guard_async::<()>(late));
        assert!(late.unwrap_err().to_string().contains("later"));
    }

    #[test]
    fn a_panic_after_the_loss_is_the_loss() {
        let f = faults();
        f.lose("unplugged".to_owned());
        f.lose("told again".to_owned());
        let error = f.guard(|| -> Result<(), _> { panic!("wait on a lost device") }).unwrap_err();
        assert!(error.code() == "E_GPU_LOST" && error.to_string().contains("unplugged"), "{error}");
    }

    #[test]
    fn an_uncaptured_error_is_told_once() {
        let f = faults();
        let source = || Box::new(std::fmt::Error);
        let memory = f.error(&wgpu::Error::OutOfMemory { source: source() }, 77);
        assert_eq!(memory, ComputeError::OutOfMemory { backend: "vulkan", bytes: 77 });
        let other = wgpu::Error::Validation { source: source(), description: "wrong size".to_owned() };
        f.lock().first = Some(f.error(&other, 0));
        assert!(f.check().unwrap_err().to_string().contains("wrong size"));
        assert_eq!(f.check(), Ok(()));
    }
}
