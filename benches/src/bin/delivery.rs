//! `delivery`: takes an event from Lambda's runtime API, makes as many signed writes as its argument says, and answers.
//!
//! The least that a delivery of a storm can cost on these legs (row 6): runtime, SDK and TLS are those of every function, and
//! nothing is read of the event.

#![forbid(unsafe_code)]

use aws_config::SdkConfig;
use day2_aws::app::{Edge, Parts};
use day2_aws::boot::Environment;
use day2_aws::{Invocation, OpsError, Served};
use day2_benches::no_settings::Nothing;
use day2_core::report::Run;
use serde_json::{Value, json};

struct Delivery {
    edge: Edge,
    writes: u32,
}

impl Served for Delivery {
    async fn start(aws: SdkConfig, environment: &Environment) -> Result<Self, OpsError> {
        let (_, edge) = Parts::<Nothing>::load(aws, environment).await?.split();
        let writes = std::env::args().nth(1).and_then(|number| number.parse().ok());
        let writes = writes.ok_or_else(|| OpsError::Event("say how many writes".to_owned()))?;
        Ok(Self { edge, writes })
    }

    async fn handle(&self, _: &[u8], invocation: &Invocation) -> Result<Value, OpsError> {
        for _ in 0..self.writes {
            let run = Run {
                function: "delivery".to_owned(),
                task: "storm".to_owned(),
                target: "prod-a".to_owned(),
                account_id: "123456789012".to_owned(),
                region: "us-east-1".to_owned(),
                trigger: "finding".to_owned(),
                zone: "UTC".to_owned(),
                scheduled_at: None,
                occasion: None,
                started_at: invocation.now,
                request_id: invocation.request_id.clone(),
            };
            self.edge.journal.heartbeat(&run, "ok", invocation.now).await?;
        }
        Ok(json!({"writes": self.writes}))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    Box::pin(day2_aws::serve_app::<Delivery>("delivery")).await
}
