//! The order of the stages, written once: open, prepare, compute, finish, hand over.
//!
//! [`run`] is the corridor itself; a page calls it with what was dropped on it, [`disk`] calls it on worker threads over
//! folders. Backends come in from outside: nothing here knows a graphics library.

mod control;
#[cfg(feature = "disk")]
pub mod disk;
mod engine;
mod finish;
#[cfg(feature = "disk")]
pub mod input;
mod prepare;
mod record;
mod run;
#[cfg(feature = "resample")]
pub mod tracks;

pub use control::{Control, Counts};
pub use engine::Engine;
pub use finish::{Features, finish};
pub use prepare::{Loaded, Sound, load_clip};
pub use record::{Failure, FileMeta, FileOutcome};
pub use run::{Portion, Sink, Source, run};

/// What a panic said.
#[cfg(feature = "disk")]
pub(crate) fn words_of_panic(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    format!("a worker stopped unexpectedly: {}", said.unwrap_or("no words"))
}
