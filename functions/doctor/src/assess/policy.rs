//! A small reader of the policies of resources: does one let a service of AWS do something? What it does not know (another
//! condition, `NotAction`, a variable) it names, and then says neither yes nor no.
//! Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements reference".

use serde_json::{Map, Value};

/// The elements of a statement that are read.
const ELEMENTS: [&str; 6] = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];

/// What a service of AWS asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// Its principal.
    pub(super) service: &'a str,
    /// An action, in whatever case.
    pub(super) action: &'a str,
    /// ARN of what it wants to use.
    pub(super) resource: &'a str,
    /// Keys of conditions, in lower case, with the value that comes with the request.
    pub(super) keys: &'a [(&'a str, &'a str)],
}

/// What a policy says to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A statement allows it, and none denies it.
    Allowed,
    /// A statement denies it, or none allows it.
    Refused(String),
    /// It depends on something that is not known here.
    Open(String),
}

/// The policy of a resource.
#[derive(Debug, Clone)]
pub(super) struct Policy(Vec<Value>);

impl Policy {
    /// Reads the text of a policy.
    ///
    /// # Errors
    ///
    /// When it is no JSON, or has no statements: in words that follow the name of the policy.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut document: Value =
            serde_json::from_str(text).map_err(|error| format!("cannot be read: {error}"))?;
        match document.get_mut("Statement").map(Value::take) {
            Some(Value::Array(all)) => Ok(Self(all)),
            Some(one @ Value::Object(_)) => Ok(Self(vec![one])),
            _ => Err("cannot be read: it has no Statement".to_owned()),
        }
    }

    /// Answers a request. A denial outweighs everything; where nothing allows, no denial matters.
    pub(super) fn answer(&self, request: &Request<'_>) -> Answer {
        let (mut allowed, mut perhaps_denied) = (Fits::No, None);
        for (number, statement) in (1_usize..).zip(&self.0) {
            let name = match statement.get("Sid").and_then(Value::as_str) {
                Some(sid) => format!("statement {sid}"),
                None => format!("statement {number}"),
            };
            let fits = match fits(statement, request) {
                Fits::Open(why) => Fits::Open(format!("{name} {why}")),
                known => known,
            };
            match (statement.get("Effect").and_then(Value::as_str), fits) {
                (Some("Allow"), fits) => allowed = allowed.or(fits),
                (Some("Deny"), Fits::Yes) => return Answer::Refused(format!("{name} denies it")),
                (Some("Deny"), Fits::Open(why)) => perhaps_denied = Some(why),
                (Some("Deny"), Fits::No) => {}
                _ => return Answer::Open(format!("{name} neither allows nor denies")),
            }
        }
        match (allowed, perhaps_denied) {
            (Fits::No, _) => Answer::Refused("no statement allows it".to_owned()),
            (_, Some(why)) | (Fits::Open(why), None) => Answer::Open(why),
            (Fits::Yes, None) => Answer::Allowed,
        }
    }
}

/// Whether something fits a request.
#[derive(Debug)]
enum Fits {
    Yes,
    No,
    Open(String),
}

impl Fits {
    /// Both must fit: one that does not decides, whatever is open about the other.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Open(why), _) | (_, Self::Open(why)) => Self::Open(why),
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    /// One that fits is enough, whatever is open about the other.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Open(why), _) | (_, Self::Open(why)) => Self::Open(why),
            (Self::No, Self::No) => Self::No,
        }
    }
}

impl From<bool> for Fits {
    fn from(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

fn fits(statement: &Value, request: &Request<'_>) -> Fits {
    let mut elements = statement.as_object().into_iter().flat_map(Map::keys);
    let other = elements.find(|element| !ELEMENTS.contains(&element.as_str()));
    let known = match other {
        Some(element) => Fits::Open(format!("has {element}, which is not read here")),
        None => Fits::Yes,
    };
    let action = request.action.to_ascii_lowercase();
    known
        .and(principal(statement, request.service))
        .and(covers(statement, "Action", |pattern| {
            like(&pattern.to_ascii_lowercase(), &action)
        }))
        .and(covers(statement, "Resource", |pattern| {
            like(pattern, request.resource)
        }))
        .and(conditions(statement, request))
}

/// `"*"` and `{"AWS": "*"}` are everybody, services too: so the policy that SNS gives every new topic lets alarms in.
fn principal(statement: &Value, service: &str) -> Fits {
    let has = |names: Option<&Value>, name: &str| texts(names).iter().any(|one| one == name);
    match statement.get("Principal") {
        Some(Value::Object(kinds)) => {
            Fits::from(has(kinds.get("Service"), service) || has(kinds.get("AWS"), "*"))
        }
        Some(Value::String(all)) if all == "*" => Fits::Yes,
        _ => Fits::Open("has no Principal that is read here".to_owned()),
    }
}

fn covers(statement: &Value, element: &str, fits: impl Fn(&str) -> bool) -> Fits {
    let patterns = texts(statement.get(element));
    if patterns.iter().any(|pattern| fits(pattern)) {
        Fits::Yes
    } else if patterns.is_empty() || patterns.iter().any(|pattern| is_variable(pattern)) {
        Fits::Open(format!("has no {element} that is read here"))
    } else {
        Fits::No
    }
}

fn conditions(statement: &Value, request: &Request<'_>) -> Fits {
    let open = || Fits::Open("has a Condition that is not read here".to_owned());
    let operators = match statement.get("Condition") {
        None => return Fits::Yes,
        Some(Value::Object(operators)) => operators,
        Some(_) => return open(),
    };
    let mut all = Fits::Yes;
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else {
            return open();
        };
        for (key, values) in keys {
            all = all.and(holds(operator, key, &texts(Some(values)), request));
        }
    }
    all
}

/// Whether one condition holds. A key that does not come with the request for sure is open, also with `…IfExists`.
fn holds(operator: &str, key: &str, values: &[String], request: &Request<'_>) -> Fits {
    let open = || Fits::Open(format!("depends on {operator} of {key}, which is not known here"));
    let name = key.to_ascii_lowercase();
    let Some((_, actual)) = request.keys.iter().find(|(known, _)| *known == name) else {
        return open();
    };
    let (negated, compare): (bool, fn(&str, &str) -> bool) =
        match operator.strip_suffix("IfExists").unwrap_or(operator) {
            "StringEquals" => (false, |value, actual| value == actual),
            "StringNotEquals" => (true, |value, actual| value == actual),
            "StringEqualsIgnoreCase" | "Bool" => (false, str::eq_ignore_ascii_case),
            "StringNotEqualsIgnoreCase" => (true, str::eq_ignore_ascii_case),
            "StringLike" => (false, like),
            "StringNotLike" => (true, like),
            "ArnEquals" | "ArnLike" => (false, like_arn),
            "ArnNotEquals" | "ArnNotLike" => (true, like_arn),
            _ => return open(),
        };
    let of_arns = operator.starts_with("Arn");
    if values
        .iter()
        .any(|value| is_variable(value) || (of_arns && value.splitn(6, ':').count() < 6))
    {
        return open();
    }
    Fits::from(values.iter().any(|value| compare(value, actual)) != negated)
}

/// A variable of a policy stands for something that only the request tells.
fn is_variable(pattern: &str) -> bool {
    pattern.contains("${")
}

/// A text or a list of them; `true` and numbers are written without quotes by some.
fn texts(value: Option<&Value>) -> Vec<String> {
    let text = |one: &Value| match one {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(one.to_string()),
        _ => None,
    };
    match value {
        Some(Value::Array(all)) => all.iter().filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Each of the six parts of an ARN by itself: `*` does not reach beyond a colon, but in the last.
fn like_arn(pattern: &str, arn: &str) -> bool {
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (pattern, arn) = (parts(pattern), parts(arn));
    pattern.len() == arn.len()
        && pattern
            .iter()
            .zip(&arn)
            .all(|(pattern, part)| like(pattern, part))
}

/// Whether a text fits a pattern, in which `*` is any text and `?` any character. What stands between two `*` is looked for where it
/// comes first, so that no pattern takes long.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let mut parts = pattern.split(|character| *character == '*');
    let first = parts.next().unwrap_or_default();
    let Some((head, mut rest)) = text.split_at_checked(first.len()) else {
        return false;
    };
    if !same(first, head) {
        return false;
    }
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts.filter(|part| !part.is_empty()) {
        let Some(at) = rest.windows(part.len()).position(|window| same(part, window)) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    let tail = rest.len().checked_sub(last.len()).and_then(|at| rest.get(at..));
    tail.is_some_and(|tail| same(last, tail))
}

fn same(part: &[char], text: &[char]) -> bool {
    part.len() == text.len()
        && part
            .iter()
            .zip(text)
            .all(|(one, other)| *one == '?' || one == other)
}
