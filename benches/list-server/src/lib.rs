//! A stand-in for the API server of a large cluster, for sizes that a workstation's control plane does not carry, and for
//! the few AWS calls around a look at it. Test apparatus: it knows lists, pages and expired tokens, and nothing else.
//!
//! Whoever is measured against it talks to a process of its own, so that making the lists is never counted as reading them.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )
)]

pub mod aws;
pub mod lists;
pub mod serve;
mod template;
pub mod world;
