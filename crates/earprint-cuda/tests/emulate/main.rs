//! Translated kernels on the CPU, bit for bit against Rust twins.
//! `cargo test -p earprint-cuda --features emulate`; needs g++, else every test says why it is skipped.

#[cfg(feature = "emulate")]
mod arithmetic;
#[cfg(feature = "emulate")]
mod control;
#[cfg(feature = "emulate")]
mod faults;
#[cfg(feature = "emulate")]
mod harness;
#[cfg(feature = "emulate")]
#[path = "../kernels/mod.rs"]
mod kernels;
#[cfg(feature = "emulate")]
mod memory;
#[cfg(feature = "emulate")]
mod workgroup;

#[cfg(not(feature = "emulate"))]
#[test]
fn emulation() {
    println!("skipped, because the feature `emulate` is off");
}
