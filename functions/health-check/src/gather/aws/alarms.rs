//! Alarms and their history.

use day2_reads::metric::Window;
use day2_reads::times::Times;
use day2_reads::{alarm_history, alarms};

use super::AwsClients;
use crate::facts::aws::AlarmFacts;
use crate::settings::alarms::AlarmPolicy;

pub(super) async fn read(clients: &AwsClients, policy: &AlarmPolicy, times: &Times) -> AlarmFacts {
    let window = Window {
        from: times.ago(policy.history_hours.saturating_mul(60)),
        to: times.now,
    };
    let (alarms, history) = futures::join!(
        alarms::all(&clients.cloudwatch, times),
        alarm_history::transitions(&clients.cloudwatch, times, window),
    );
    AlarmFacts { alarms, history }
}
