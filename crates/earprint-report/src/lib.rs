//! The report of a whole collection: from plain data to documents.
//!
//! Enters: a [`Report`], everything that was found out about the tracks of a collection. Leaves: the same as CSV, JSON
//! with its schema, Markdown, PNG plots, one self-contained HTML page and a playlist ([`Document`]), or a folder with
//! all of them ([`write_all`], the one function that touches files). Pure otherwise: no clock, no thread, no network;
//! equal reports give equal bytes. Nothing is computed here but means and deviations for display: what is not in the
//! report is not in a document.

#[cfg(test)]
extern crate self as earprint_report;

mod check;
mod csv;
mod document;
mod drawing;
mod error;
mod facts;
mod html;
mod json;
mod m3u8;
#[cfg(test)]
#[path = "../tests/made_up/mod.rs"]
mod made_up;
mod markdown;
mod model;
mod plots;
mod words;

pub use document::{Document, write_all};
pub use earprint_core::Status;
pub use error::ReportError;
pub use m3u8::playlist;
pub use model::{
    Choice, Cluster, Figures, Finding, LeftOut, MapQuality, Problem, REPORT_VERSION, Report, Second, Section, Sequence,
    Tag, Telling, Track, Transition, Tried, known,
};
