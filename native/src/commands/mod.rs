//! One file (or folder) per verb.

pub mod bench;
pub mod demo;
pub mod doctor;
pub mod mel;
pub mod spec;
pub mod verify;
