//! A collection from folder to report, for programs in Rust: [`Analyzer`].
//!
//! Enters: folders of sound, a library. Leaves: records in the library, [`Survey`]s (clusters, portraits, tags, map), listening
//! orders, reports. The crates below do the work; here stands which comes after which, once, for the command and for everybody else.

mod analyzer;
mod collected;
mod documents;
mod entry;
mod error;
mod settings;
mod stream;
mod survey;

pub use analyzer::{Analyzed, Analyzer, Statistics, queue_times};
pub use collected::{Collected, Group, Member, each_track};
pub use documents::{Ordered, figures, goal_words, report, title_of};
pub use entry::{entry, modified_ns};
pub use error::AnalyzerError;
pub use settings::Settings;
pub use stream::{Aggregate, Chunk, Streamed};
pub use survey::{Grouping, Survey, SurveyJob, survey};
