//! What must hold after every turn, and at rest.

use day2_core::action::Lease;

use super::*;
use aws_sdk_dynamodb::types::AttributeValue;

/// Seconds by which a handler's watch may run ahead of the model's time, because the test itself takes time.
const SLACK: i64 = 4;

/// The cool-down begins up to a minute before the change.
const PAUSE: SignedDuration = SignedDuration::from_mins(29);

/// What a turn is compared with.
pub(super) struct Look {
    /// Owner of the lock and end of its lease.
    lock: Option<(String, i64)>,
    acts: usize,
}

impl Model {
    /// What a turn is compared with.
    pub(super) fn look(&self) -> Look {
        let table = self.world.table.lock().unwrap();
        let word = |value: &AttributeValue| value.as_s().unwrap().clone();
        let number = |value: &AttributeValue| value.as_n().unwrap().parse().unwrap();
        Look {
            lock: table
                .of_kind("lock")
                .first()
                .map(|row| (word(&row["owner"]), number(&row["lease_until"]))),
            acts: self.machine.lock().unwrap().acts.len(),
        }
    }

    /// Every change that the journal says is, or may be, in force.
    pub(super) fn open(&self) -> Vec<Lease> {
        let table = self.world.table.lock().unwrap();
        let rows = table.rows.iter().filter(|((pk, _), _)| pk.starts_with("lease#"));
        rows.filter(|(_, row)| ["pending", "active"].contains(&row["state"].as_s().unwrap().as_str()))
            .map(|(_, row)| serde_json::from_str(row["lease"].as_s().unwrap()).unwrap())
            .collect()
    }

    /// The plans that were mailed.
    pub(super) fn plans(&self) -> Vec<String> {
        let table = self.world.table.lock().unwrap();
        let rows = table.rows.keys().filter(|(pk, _)| pk.starts_with("approval#"));
        rows.map(|(_, sk)| sk.clone()).collect()
    }

    /// What must hold after a turn of this sandbox.
    pub(super) fn holds(&mut self, number: usize, before: &Look) -> Sound {
        let after = self.look();
        let now = self.now.as_second();
        if let (Some((old, until)), Some((new, _))) = (&before.lock, &after.lock)
            && old != new
            && *until > now + SLACK
        {
            return Err(format!(
                "{new} took the lock that {old} holds until {until}, and it is {now}"
            ));
        }
        let machine = Shared::clone(&self.machine);
        let machine = machine.lock().unwrap();
        for (key, change) in &machine.acts[before.acts..] {
            let me = self.name(number);
            let Some((owner, until)) = &after.lock else {
                return Err(format!("{key} changed the level without a lock"));
            };
            if !owner.starts_with(&me) || *until < now - SLACK {
                return Err(format!(
                    "{me} changed the level, and {owner} has the lock until {until}, at {now}"
                ));
            }
            if change.to < change.from && !key.starts_with("revert:") {
                return Err(format!("{key} lowered the level"));
            }
            if change.to > change.from {
                self.raises(key)?;
            }
        }
        let level = machine.level;
        if !(BASELINE..=RAISED).contains(&level) {
            return Err(format!("the level is {level}"));
        }
        let explained = || {
            self.open()
                .iter()
                .any(|lease| lease.before == BASELINE.to_string())
        };
        if level > BASELINE && !explained() {
            return Err(format!(
                "the level is {level}, and no open lease will take it back"
            ));
        }
        Ok(())
    }

    /// Whether this occasion may raise the level now: each does once, and in the pause after another only an approval
    /// does.
    ///
    /// Once, unless taking it back was begun and its handler was killed before it could say so: then the lease is
    /// still open, the delivery that comes again makes the change again, and the next sweep takes it back.
    fn raises(&mut self, key: &str) -> Sound {
        let again = self.raised.iter().any(|(_, earlier)| earlier == key);
        if again && !self.open().iter().any(|lease| lease.occasion == key) {
            return Err(format!("{key} raised the level twice"));
        }
        if let Some((last, earlier)) = self.raised.last()
            && earlier != key
            && !key.starts_with("approval:")
            && self.now.duration_since(*last) < PAUSE
        {
            return Err(format!(
                "{key} raised the level at {}, and {earlier} at {last}",
                self.now
            ));
        }
        self.raised.push((self.now, key.to_owned()));
        Ok(())
    }

    /// What must hold when everything has ended.
    pub(super) fn rests(&self) -> Sound {
        let level = self.machine.lock().unwrap().level;
        let open = self.open();
        if level != BASELINE || !open.is_empty() {
            return Err(format!("the level is {level}, and open are {open:?}"));
        }
        let now = self.now.as_second();
        let table = self.world.table.lock().unwrap();
        let number = |value: &AttributeValue| value.as_n().unwrap().parse::<i64>().unwrap();
        for row in table.of_kind("publication") {
            let stuck = row["state"].as_s().unwrap() == "claimed" && number(&row["lease_until"]) > now;
            if stuck {
                return Err(format!("a claim is stuck: {row:?}"));
            }
        }
        Ok(())
    }
}

#[test]
fn the_model_finds_an_action_that_raises_what_is_raised_already_d11() {
    let twice = [
        Move::Alarm {
            sandbox: 0,
            other: false,
            ago: 0,
        },
        Move::Finish { sandbox: 0 },
        Move::Wait { seconds: 1_860 },
        Move::Alarm {
            sandbox: 1,
            other: true,
            ago: 0,
        },
        Move::Finish { sandbox: 1 },
    ];
    assert_eq!(run("auto", &twice, |_| {}), Ok(()));
    let compounded = run("auto", &twice, |machine| machine.minds_leases = false);
    assert_eq!(
        compounded,
        Err("Finish { sandbox: 1 }: the level is 20".to_owned())
    );
}
