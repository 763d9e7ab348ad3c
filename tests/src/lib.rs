//! What proves earprint: references in f64 from the definitions alone, signals, and the few comparers every suite uses.
//! Nothing in the project imports this crate.

pub mod backends;
pub mod compare;
pub mod reference;
pub mod signals;
pub mod track;
