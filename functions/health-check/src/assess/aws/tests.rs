//! The judgements as tables: a healthy platform, and one thing changed at a time.

mod alarms;
mod cloud;
mod database;
mod denied;
mod endpoints;
mod security;
mod traps;
mod volumes;
pub(in crate::assess) mod world;
