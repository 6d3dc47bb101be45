//! How far a read replica may be behind before it means anything.

use jiff::Timestamp;

/// What an idle source makes of `ReplicaLag`, in milliseconds, with half a minute of room: RDS for PostgreSQL tells the time since
/// the last transaction that was replayed, and switches the log every five minutes where nobody commits.
/// Source: *Amazon RDS User Guide*, "Monitoring and tuning the read replica" (PostgreSQL): "up to five minutes".
const IDLE_POSTGRES_MS: u32 = 330_000;

/// The limit for the lag of a read replica of this engine (`postgres`, `mysql`, …; Aurora's are `aurora-…` and tell their real
/// lag), in milliseconds: what is wanted, or what an idle source makes of it where that is more.
#[must_use]
pub fn replica_lag_limit_ms(engine: &str, wanted_ms: u32) -> u32 {
    if engine == "postgres" {
        wanted_ms.max(IDLE_POSTGRES_MS)
    } else {
        wanted_ms
    }
}

/// How the limit is told.
#[must_use]
pub fn replica_lag_words(engine: &str, wanted_ms: u32) -> String {
    let limit = replica_lag_limit_ms(engine, wanted_ms);
    if limit > wanted_ms {
        format!("at most {limit} ms; a replica of an idle PostgreSQL shows up to 5 min")
    } else {
        format!("at most {limit} ms")
    }
}

/// Why the lag of a read replica is not known now, whatever was told before: its newest value is -1, which RDS gives while
/// replication does not run (*Amazon RDS User Guide*, "Monitoring read replication").
#[must_use]
pub fn lag_is_not_told(points: &[(Timestamp, f64)], now: Timestamp) -> Option<&'static str> {
    let told = points
        .iter()
        .filter(|(at, value)| *at <= now && value.is_finite());
    let (_, newest) = told.max_by_key(|(at, _)| *at)?;
    (*newest < 0.0).then_some("RDS tells no lag (-1), as where replication does not run")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_idle_postgresql_shows_is_no_lag_and_every_other_engine_is_held_to_what_is_wanted() {
        for (engine, wanted, limit) in [
            ("postgres", 1_000, 330_000),
            ("postgres", 600_000, 600_000),
            ("mysql", 1_000, 1_000),
            ("aurora-postgresql", 1_000, 1_000),
        ] {
            assert_eq!(replica_lag_limit_ms(engine, wanted), limit, "{engine}");
        }
        assert_eq!(replica_lag_words("mysql", 1_000), "at most 1000 ms");
        assert!(replica_lag_words("postgres", 1_000).contains("idle"));
    }
}
