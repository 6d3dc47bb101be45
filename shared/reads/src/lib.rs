//! Typed reads of AWS that several functions share, so that no function writes them again.
//!
//! **One module, one permission.** A module holds the calls of one IAM action (or of actions that always go together), and
//! a function is charged with the actions of exactly the modules that it names as `day2_reads::<module>`; a law compares
//! that with its `permissions.json`. So nothing is exported here but the modules.
//!
//! A read holds no opinion. It returns [`Observed`](day2_core::Observed): the fact, or the operation and resource that
//! could not be read and why. Lists are read over all pages. A list that an answer does not hold is a malformed answer
//! and never an empty list. Each read ends at the deadline of its [`Times`](times::Times).

mod answer;
pub mod times;

pub mod backups;
pub mod metric;

pub mod addons;
pub mod alarm_history;
pub mod alarms;
pub mod clusters;
pub mod copy_jobs;
pub mod coverage;
pub mod coverage_statistics;
pub mod db_automated_backups;
pub mod db_cluster_parameters;
pub mod db_cluster_snapshots;
pub mod db_clusters;
pub mod db_events;
pub mod db_instances;
pub mod db_maintenance;
pub mod db_parameters;
pub mod db_snapshots;
pub mod detectors;
pub mod finding_ids;
pub mod findings;
pub mod global_clusters;
pub mod group_members;
pub mod images;
pub mod insights;
pub mod instance_refreshes;
pub mod instance_types;
pub mod instances;
pub mod keys;
pub mod launch_failures;
pub mod launch_templates;
pub mod metric_names;
pub mod metrics;
pub mod nat_gateways;
pub mod node_groups;
pub mod object;
pub mod objects;
pub mod pod_identities;
pub mod quotas;
pub mod recovery_points;
pub mod restore_jobs;
pub mod role_policies;
pub mod scaling_activities;
pub mod scaling_groups;
pub mod scheduled_actions;
pub mod security_findings;
pub mod subnets;
pub mod updates;

#[cfg(test)]
mod tests;
