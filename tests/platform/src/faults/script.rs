//! What goes wrong, and when: rules over the calls that pass.

use std::fmt;
use std::time::Duration;

use super::call::Call;
use super::gate::Gate;

/// What happens to a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Refused for its rate, in the service's own words: `RequestLimitExceeded`, `Throttling`, `ThrottlingException`,
    /// `ProvisionedThroughputExceededException`, `SlowDown`, or 429 of the cluster. Not passed on.
    Throttle,
    /// 503 in the service's wire form. Not passed on.
    Unavailable,
    /// 500 in the service's wire form. Not passed on.
    InternalError,
    /// An error of this name in the service's wire form. Not passed on. See [`Fault::named`].
    Named {
        /// The error as the API reference calls it, for example `ScalingActivityInProgressFault`; in the cluster the
        /// reason of the `Status`, for example `Expired`.
        code: String,
        /// Its message.
        message: String,
        /// Its HTTP status.
        status: u16,
    },
    /// Never answered. Not passed on.
    Hang,
    /// Passed on; the answer ends after so many bytes of its body, although it promised more.
    Truncate(usize),
    /// The connection is reset. Not passed on.
    Reset,
    /// 200 with the page of some proxy. Not passed on.
    Html,
    /// Waits before whatever else happens. Delays of several rules add up.
    Delay(Duration),
    /// The answer that this call got the first time, whatever has changed since; the first call is passed on. Calls
    /// are the same when service, operation and resource are.
    Stale,
    /// Every page, the first one again and again, ends with the same page token. The first call is passed on.
    LoopToken,
    /// Passed on and done; then the connection is reset, so that the caller does not know.
    LoseAnswer,
    /// Held before it is passed on, until the gate is opened. A caller that dies meanwhile has not called.
    HoldBefore(Gate),
    /// Passed on and done; the answer is held until the gate is opened.
    HoldAfter(Gate),
}

impl Fault {
    /// An error of this name.
    #[must_use]
    pub fn named(code: &str, status: u16, message: &str) -> Self {
        Self::Named {
            code: code.to_owned(),
            message: message.to_owned(),
            status,
        }
    }

    /// Its name for the record.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Throttle => "Throttle",
            Self::Unavailable => "Unavailable",
            Self::InternalError => "InternalError",
            Self::Named { .. } => "Named",
            Self::Hang => "Hang",
            Self::Truncate(_) => "Truncate",
            Self::Reset => "Reset",
            Self::Html => "Html",
            Self::Delay(_) => "Delay",
            Self::Stale => "Stale",
            Self::LoopToken => "LoopToken",
            Self::LoseAnswer => "LoseAnswer",
            Self::HoldBefore(_) => "HoldBefore",
            Self::HoldAfter(_) => "HoldAfter",
        }
    }
}

/// Which calls a fault befalls. Each rule counts the calls that it matches, from when it was added.
#[derive(Debug, Clone)]
pub struct Rule {
    action: String,
    resource: Option<String>,
    skip: u64,
    times: Option<u64>,
    fault: Fault,
}

impl Rule {
    /// Every call of `action`: `service:operation` as in [`Call`], where `*` stands for anything, for example
    /// `autoscaling:SetDesiredCapacity`, `rds:*`, `kubernetes:list pods`, `*`.
    #[must_use]
    pub fn new(action: &str, fault: Fault) -> Self {
        Self {
            action: action.to_owned(),
            resource: None,
            skip: 0,
            times: None,
            fault,
        }
    }

    /// Only calls whose resource contains this.
    #[must_use]
    pub fn on(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// Lets the first `calls` pass.
    #[must_use]
    pub const fn after(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// Only so many of them.
    #[must_use]
    pub const fn times(mut self, calls: u64) -> Self {
        self.times = Some(calls);
        self
    }

    /// Only the `number`th, counted from 1.
    #[must_use]
    pub const fn nth(self, number: u64) -> Self {
        self.after(number.saturating_sub(1)).times(1)
    }

    fn matches(&self, call: &Call) -> bool {
        let resource = self.resource.as_deref();
        wildcard(&self.action, &call.action()) && resource.is_none_or(|part| call.resource.contains(part))
    }

    /// Whether it befalls the call of this number, counted from 0.
    const fn is_due(&self, number: u64) -> bool {
        let end = match self.times {
            Some(times) => self.skip.saturating_add(times),
            None => u64::MAX,
        };
        number >= self.skip && number < end
    }
}

/// Names a rule that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleId(u64);

/// The rules in force, oldest first.
#[derive(Default)]
pub(super) struct Script {
    rules: Vec<(RuleId, Rule, u64)>,
    added: u64,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.rules).finish()
    }
}

impl Script {
    pub(super) fn add(&mut self, rule: Rule) -> RuleId {
        self.added += 1;
        let id = RuleId(self.added);
        self.rules.push((id, rule, 0));
        id
    }

    pub(super) fn remove(&mut self, id: RuleId) {
        self.rules.retain(|(one, _, _)| *one != id);
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    /// All delays that are due together, and the first other fault that is due.
    pub(super) fn decide(&mut self, call: &Call) -> (Duration, Option<Fault>) {
        let (mut delay, mut fault) = (Duration::ZERO, None);
        for (_, rule, seen) in &mut self.rules {
            if !rule.matches(call) {
                continue;
            }
            let number = *seen;
            *seen += 1;
            if !rule.is_due(number) {
                continue;
            }
            match &rule.fault {
                Fault::Delay(longer) => delay += *longer,
                other if fault.is_none() => fault = Some(other.clone()),
                _ => {}
            }
        }
        (delay, fault)
    }
}

/// Whether `text` is what `pattern` says; `*` stands for any letters.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::{Headers, Request};

    fn call(target: &str) -> Call {
        Call::to_kubernetes(&Request {
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers: Headers::default(),
            body: Vec::new(),
        })
    }

    #[test]
    fn a_star_stands_for_anything_and_nothing_else_does() {
        for (pattern, yes, no) in [
            ("rds:*", "rds:ModifyDBCluster", "ec2:DescribeSubnets"),
            ("*", "x:y", ""),
            ("*:Describe*s", "ec2:DescribeSubnets", "eks:DescribeCluster"),
            (
                "kubernetes:list pods",
                "kubernetes:list pods",
                "kubernetes:list pods/log",
            ),
        ] {
            assert!(wildcard(pattern, yes), "{pattern} {yes}");
            assert!(no.is_empty() || !wildcard(pattern, no), "{pattern} {no}");
        }
    }

    #[test]
    fn a_rule_counts_what_it_matches_and_leaves_the_rest_alone() {
        let mut script = Script::default();
        script.add(
            Rule::new("kubernetes:list pods", Fault::Reset)
                .on("shop")
                .after(1)
                .times(2),
        );
        let mut struck = |target: &str| script.decide(&call(target)).1.is_some();
        let shop = "/api/v1/namespaces/shop/pods";
        let seen: Vec<bool> = (0..4).map(|_| struck(shop)).collect();
        assert_eq!(seen, [false, true, true, false]);
        assert!(!struck("/api/v1/namespaces/other/pods"));
        assert!(!struck("/api/v1/namespaces/shop/pods/web-1"));
    }

    #[test]
    fn delays_add_up_beside_the_oldest_other_fault_and_removed_rules_are_gone() {
        let mut script = Script::default();
        let second = Duration::from_secs(1);
        script.add(Rule::new("*", Fault::Delay(second)));
        let hang = script.add(Rule::new("*", Fault::Hang));
        script.add(Rule::new("*", Fault::Delay(second)));
        script.add(Rule::new("*", Fault::Html));
        let (delay, fault) = script.decide(&call("/api/v1/nodes"));
        assert_eq!((delay, fault.unwrap().name()), (second * 2, "Hang"));
        script.remove(hang);
        assert_eq!(script.decide(&call("/api/v1/nodes")).1.unwrap().name(), "Html");
        script.clear();
        assert!(script.decide(&call("/api/v1/nodes")).1.is_none());
    }
}
