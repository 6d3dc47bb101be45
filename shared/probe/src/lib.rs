//! Declared HTTP endpoints: how they are declared, how they are asked, and what an answer lacks.
//!
//! Asking is one request as a client would send it: no redirect is followed, and nothing is sent before the certificate is
//! verified. The chain of certificates that was served is kept, and where it was refused because it ended, its end. What an
//! answer lacks is decided apart from asking, by pure functions.

mod ask;
mod certificate;
mod judge;
mod settings;

pub use ask::{Answer, Seen, ask};
pub use certificate::{Certificate, Chain, chain_of_pem};
pub use judge::{certificate_complaint, chain_complaint, complaints, days_left};
pub use settings::{JsonAssertion, Probe, validate};
