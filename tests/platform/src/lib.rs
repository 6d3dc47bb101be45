//! The local platform: a real Kubernetes control plane and AWS emulators on loopback ports.
//!
//! Every part was written by somebody else; this crate starts the parts, connects them, records what is
//! asked of them, and ends every process it started. It is test apparatus: the product knows nothing of it.

pub mod aws;
pub mod clock;
pub mod cluster;
pub mod demo;
pub mod deploy;
pub mod example;
mod extensions;
pub mod faults;
pub mod folders;
mod http1;
pub mod letters;
pub mod pki;
pub mod platform;
pub mod ports;
pub mod process;
pub mod requests;
pub mod rights;
pub mod sandbox;
pub mod toolchain;
pub mod wait;
pub mod world;
