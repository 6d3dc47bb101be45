//! Waiting for something to become true, with a deadline and a reason when it does not.

use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::time::{Instant, sleep, timeout};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Asks `probe` again and again until it answers `Ok`; an `Err` is the reason why it is not so yet.
///
/// ```no_run
/// # async fn doc(ready: impl AsyncFn() -> anyhow::Result<usize>) -> anyhow::Result<()> {
/// use std::time::Duration;
/// day2_platform::wait::wait_until(Duration::from_secs(30), "20 pods are Ready", async || {
///     let seen = ready().await?;
///     anyhow::ensure!(seen == 20, "{seen} of 20");
///     Ok(())
/// })
/// .await
/// # }
/// ```
///
/// # Errors
///
/// After `within`: what was waited for, for how long, and the last reason.
pub async fn wait_until<T>(
    within: Duration,
    what: &str,
    mut probe: impl AsyncFnMut() -> Result<T>,
) -> Result<T> {
    let deadline = Instant::now() + within;
    let mut reason = anyhow!("no answer");
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match timeout(left, probe()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => reason = error,
            Err(_) => return Err(reason.context(gave_up(what, within))),
        }
        if Instant::now() + PAUSE >= deadline {
            return Err(reason.context(gave_up(what, within)));
        }
        sleep(PAUSE).await;
    }
}

fn gave_up(what: &str, within: Duration) -> String {
    format!("waited {:.1} s in vain until {what}", within.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::ensure;

    #[tokio::test]
    async fn the_last_reason_is_told_when_the_deadline_passes() {
        let error = wait_until::<()>(Duration::from_millis(250), "the moon is full", async || {
            Err(anyhow!("it is new"))
        })
        .await
        .unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "waited 0.2 s in vain until the moon is full: it is new"
        );
    }

    #[tokio::test]
    async fn a_probe_that_never_answers_ends_at_the_deadline_too() {
        let error = wait_until::<()>(Duration::from_millis(150), "it answers", async || {
            std::future::pending::<()>().await;
            Ok(())
        })
        .await
        .unwrap_err();
        assert!(format!("{error:#}").ends_with("no answer"), "{error:#}");
    }

    #[tokio::test]
    async fn the_value_of_the_first_success_is_returned() {
        let mut looks = 0;
        let value = wait_until(Duration::from_secs(5), "three looks", async || {
            looks += 1;
            ensure!(looks == 3, "look {looks}");
            Ok(looks)
        })
        .await
        .unwrap();
        assert_eq!(value, 3);
    }
}
