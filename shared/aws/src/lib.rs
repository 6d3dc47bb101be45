//! The edge to AWS: boot, settings, clients with time-outs, journal, reports, mail and metrics, and the runner that
//! turns a [`Check`] into a Lambda function.
//!
//! Opinions live in `day2-core` and in the functions; this crate reads, writes and decides only what happens when
//! reading or writing fails.

pub mod action;
pub mod app;
pub mod boot;
pub mod check;
pub mod error;
pub mod evidence;
#[cfg(test)]
mod fixture;
pub mod journal;
pub mod pages;
pub mod publish;
mod serve;
pub mod settings;
pub mod time;

pub use action::{Action, ActionApp, Applied, Assessment, Inquiry, handle_action};
pub use app::{App, Invocation, handle};
pub use check::{Check, Look, Moment};
pub use error::{OpsError, aws, unreadable};
pub use pages::Pages;
pub use serve::{Served, serve, serve_action, serve_app};
