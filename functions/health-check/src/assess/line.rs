//! One judgement before it is routed: a title, what was looked at, and what is wrong, each thing with its namespace.

use std::collections::BTreeMap;

use day2_core::item::Population;
use day2_core::{Item, Unreadable, Verdict};

use super::routing::Routing;
use super::words::number;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Its namespace, by which it is routed; none for nodes, the cluster and what is outside of it.
    pub(crate) namespace: Option<String>,
    /// Its name in the report; the same from run to run as long as the same thing is wrong.
    pub(crate) name: String,
    /// What is wrong.
    pub(crate) says: String,
}

impl Finding {
    /// Something that lies in no namespace.
    pub(crate) fn of(name: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            namespace: None,
            name: name.into(),
            says: says.into(),
        }
    }

    /// Something in a namespace.
    pub(crate) fn inside(namespace: &str, name: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            namespace: Some(namespace.to_owned()),
            ..Self::of(name, says)
        }
    }
}

/// One judgement.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    /// Objects judged.
    pub(crate) examined: usize,
    /// The least number expected.
    pub(crate) expected: u64,
    /// What was seen, with numbers.
    pub(crate) seen: String,
    /// Limit, and where it comes from.
    pub(crate) threshold: Option<(String, &'static str)>,
    pub(crate) remedy: &'static str,
    /// What is wrong: any makes the line FAIL.
    pub(crate) wrong: Vec<Finding>,
    /// What could not be looked at, name and reason: any keeps the line from PASS.
    pub(crate) unread: Vec<(String, String)>,
    /// Whether a platform may have nothing of the kind; see [`Self::if_any`].
    optional: bool,
}

impl Line {
    /// A line that examined so many objects and found nothing yet.
    pub(crate) const fn new(code: &'static str, title: &'static str, examined: usize) -> Self {
        Self {
            code,
            title,
            examined,
            expected: 1,
            seen: String::new(),
            threshold: None,
            remedy: "",
            wrong: Vec::new(),
            unread: Vec::new(),
            optional: false,
        }
    }

    /// A line about a kind that a platform may have nothing of. Where the whole list was read and is empty, no item is made of
    /// it, because nothing can be judged; that it was looked for is told by its code ([`Self::is_absent`]).
    pub(crate) const fn if_any(mut self) -> Self {
        self.optional = true;
        self
    }

    /// [`Self::if_any`] where that holds; elsewhere something of the kind must be there.
    pub(crate) const fn if_any_where(mut self, may_be_none: bool) -> Self {
        self.optional = may_be_none;
        self
    }

    /// Whether all was read, and nothing of the kind exists.
    pub(crate) const fn is_absent(&self) -> bool {
        self.optional && self.examined == 0 && self.wrong.is_empty() && self.unread.is_empty()
    }

    /// A line that could not be judged at all.
    pub(crate) fn unreadable(code: &'static str, title: &'static str, why: &Unreadable) -> Self {
        let mut line = Self::new(code, title, 0).seen(format!("could not be read: {why}"));
        line.unread.push((why.operation.clone(), why.to_string()));
        line
    }

    pub(crate) fn seen(mut self, seen: impl Into<String>) -> Self {
        self.seen = seen.into();
        self
    }

    pub(crate) fn expected(mut self, at_least: u64) -> Self {
        self.expected = at_least;
        self
    }

    pub(crate) fn threshold(mut self, limit: impl Into<String>, source: &'static str) -> Self {
        self.threshold = Some((limit.into(), source));
        self
    }

    pub(crate) const fn remedy(mut self, remedy: &'static str) -> Self {
        self.remedy = remedy;
        self
    }

    pub(crate) fn wrong(mut self, wrong: impl IntoIterator<Item = Finding>) -> Self {
        self.wrong.extend(wrong);
        self
    }

    pub(crate) fn unread(mut self, unread: impl IntoIterator<Item = (String, String)>) -> Self {
        self.unread.extend(unread);
        self
    }

    /// Keeps the line from PASS when a list that it rests on came short.
    pub(crate) fn short_of(self, shortfall: Option<&Unreadable>) -> Self {
        self.unread(shortfall.map(|why| (why.operation.clone(), why.to_string())))
    }

    fn verdict(&self) -> Verdict {
        match (self.wrong.is_empty(), self.unread.is_empty()) {
            (false, _) => Verdict::Fail,
            (true, false) => Verdict::Unknown,
            (true, true) => Verdict::Pass,
        }
    }

    /// The items: one for each team that owns a finding, so that each team sees its own; one in all when nothing is wrong; none
    /// where nothing of the kind exists.
    pub(crate) fn items(self, routing: &Routing<'_>) -> Vec<Item> {
        if self.is_absent() {
            return Vec::new();
        }
        let mut teams: BTreeMap<Option<&str>, Vec<&Finding>> = BTreeMap::new();
        for finding in &self.wrong {
            let team = routing.team(finding.namespace.as_deref());
            teams.entry(team).or_default().push(finding);
        }
        if teams.is_empty() {
            return vec![self.item(&[])];
        }
        teams
            .into_iter()
            .map(|(team, findings)| {
                let item = self.item(&findings);
                match team {
                    Some(team) => item.owner(team),
                    None => item,
                }
            })
            .collect()
    }

    fn item(&self, findings: &[&Finding]) -> Item {
        let population = Population {
            examined: number(self.examined),
            expected_at_least: self.expected,
        };
        let mut item = Item::judge(
            self.code,
            self.title,
            self.verdict(),
            population,
            self.seen.clone(),
        );
        if let Some((limit, source)) = &self.threshold {
            item = item.threshold(limit, *source);
        }
        if !self.remedy.is_empty() {
            item = item.remedy(self.remedy);
        }
        let wrong = findings
            .iter()
            .map(|finding| (finding.name.clone(), finding.says.clone()));
        item.subjects(wrong).subjects(self.unread.iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::namespaces::{Namespace, Namespaces};
    use crate::settings::ownership::Ownership;

    fn namespaces() -> Namespaces {
        let team = Some("billing".to_owned());
        Namespaces::from([(
            "pay".to_owned(),
            Namespace {
                team,
                ..Namespace::default()
            },
        )])
    }

    #[test]
    fn each_team_gets_its_own_item_and_the_rest_goes_to_the_platform_team() {
        let seen = Ok(namespaces());
        let ownership = Ownership {
            platform: Some("platform".to_owned()),
            ..Ownership::default()
        };
        let items = Line::new("HLT-121", "t", 9)
            .wrong([
                Finding::inside("pay", "pay/Deployment/api", "down"),
                Finding::inside("other", "other/Deployment/x", "down"),
                Finding::of("node-1", "not Ready"),
            ])
            .items(&Routing::new(&ownership, &seen));
        let owners: Vec<_> = items
            .iter()
            .map(|item| (item.owner.as_deref(), item.subjects.len()))
            .collect();
        assert_eq!(owners, [(Some("billing"), 1), (Some("platform"), 2)]);
        assert!(items.iter().all(|item| item.verdict() == Verdict::Fail));
    }

    #[test]
    fn without_findings_there_is_one_item_and_a_short_list_keeps_it_from_pass_k08() {
        let (ownership, seen) = (Ownership::default(), Ok(namespaces()));
        let routing = Routing::new(&ownership, &seen);
        let whole = Line::new("HLT-121", "t", 9).items(&routing);
        assert_eq!((whole.len(), whole[0].verdict()), (1, Verdict::Pass));
        let why = Unreadable::new(
            "list pods",
            "prod-a",
            day2_core::Cause::Partial,
            "only the first 500",
        );
        let part = Line::new("HLT-121", "t", 9).short_of(Some(&why)).items(&routing);
        assert_eq!((part.len(), part[0].verdict()), (1, Verdict::Unknown));
        let nothing = Line::new("HLT-121", "t", 0).items(&routing);
        assert_eq!(nothing[0].verdict(), Verdict::Unknown);
    }

    #[test]
    fn only_a_list_that_was_read_to_its_end_can_say_that_nothing_of_a_kind_exists_w25_k08() {
        let (ownership, seen) = (Ownership::default(), Ok(namespaces()));
        let routing = Routing::new(&ownership, &seen);
        let why = Unreadable::new("list quotas", "prod-a", day2_core::Cause::Denied, "");
        let empty = || Line::new("HLT-151", "t", 0).if_any();
        for (line, absent, what) in [
            (empty(), true, "read, and empty"),
            (Line::new("HLT-151", "t", 0), false, "it must be there"),
            (Line::new("HLT-151", "t", 1).if_any(), false, "one is there"),
            (empty().short_of(Some(&why)), false, "it came short"),
            (
                empty().wrong([Finding::of("x", "y")]),
                false,
                "something is wrong all the same",
            ),
            (
                Line::unreadable("HLT-151", "t", &why).if_any(),
                false,
                "it could not be read",
            ),
        ] {
            assert_eq!(line.is_absent(), absent, "{what}");
            assert_eq!(line.items(&routing).is_empty(), absent, "{what}");
        }
    }
}
