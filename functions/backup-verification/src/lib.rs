//! `backup-verification`: are the backups there, young enough, whole and encrypted, and has anybody restored one lately?
//!
//! Four kinds of backup: the snapshots and the point-in-time restore of the database, AWS Backup, Velero, and dumps in S3.
//! That a backup is `Completed` does not mean that it can be restored, so the last proof of a restore is judged like the
//! rest. Nothing is changed.

pub mod assess;
pub mod facts;
pub mod gather;
pub mod settings;

mod check;

pub use check::{BackupVerification, NAME, Task};
