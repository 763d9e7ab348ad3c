//! One file per verb.

pub mod mel;
