//! Judgements over facts made by hand. Each names what the runbook's own command would have said.

mod aws_backup;
mod database;
mod denied;
mod dumps;
mod proof;
mod traps;
mod velero;
mod velero_ignored;
mod velero_rhythm;
mod velero_volumes;
pub(crate) mod world;
