//! The words of earprint: what a mel job is, how windows lie on a clip, what can be wrong with a spec.
//!
//! Nothing here computes on sound. Every other crate speaks in these types, so that a unit, a shape or
//! a version has one name in the whole project.

mod error;
mod mel_spec;
mod path_text;
mod presets;
mod record;
mod section;
mod status;
mod track;
mod windows;

pub use error::SpecError;
pub use mel_spec::{Log, MelJob, MelNorm, MelScale, MelSpec, PadMode, Pool, Power, WindowShape};
pub use path_text::{path_from_text, path_text};
pub use presets::PRESET_NAMES;
pub use record::{RECORD_VERSION, TrackRecord, processing};
pub use section::{Role, Section, Transition, TransitionKind, audacity_labels};
pub use status::Status;
pub use track::{
    Aspect, BANDS_HZ, DIMENSIONS, Descriptor, Dimension, Family, Known, TRACK_DIMENSIONS, TRACK_EXCERPT_SCHEMA,
    TRACK_RATE_HZ, TRACK_SCHEMA, TrackTable, Why, dim,
};
pub use windows::Windows;

/// Version of the mel definition (`DEFINITIONS` section 1): stored with every file of numbers.
pub const MEL_SCHEMA: &str = "mel-1";

/// Version of the toolkit that made a number.
pub const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");
