//! `doctor`: proves that the automation itself could work, before somebody needs it.
//!
//! It knows what Terraform deployed, and asks AWS what is there: every function proves itself under its own role, IAM says
//! what each role may do and may not, clusters let the roles in, topics reach somebody and let alarms in, schedules fire at the
//! right time, event rules, topics and alarms can call the functions, and what the settings name exists. It changes nothing but its
//! own canary queue, and mails nobody but by its report.

pub mod assess;
pub mod facts;
pub mod gather;
pub mod settings;

mod check;

pub use check::{Doctor, NAME};
