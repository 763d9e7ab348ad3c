//! One file (or folder) per verb.

pub mod demo;
pub mod mel;
pub mod spec;
