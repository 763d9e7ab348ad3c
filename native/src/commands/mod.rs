//! One file (or folder) per verb.

pub mod analyze;
pub mod bench;
pub mod cluster;
pub mod demo;
pub mod doctor;
pub mod export;
pub mod list;
pub mod mel;
pub mod order;
pub mod report;
pub mod sections;
pub mod similar;
pub mod spec;
pub mod stats;
pub mod verify;
