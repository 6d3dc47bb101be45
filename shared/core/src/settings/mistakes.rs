//! Everything that is wrong with a settings document, collected in one pass, each with the way out.

use std::fmt;
use std::ops::ControlFlow;

use deserr::{DeserializeError, ErrorKind, IntoValue, MergeWithError, Value, ValueKind, ValuePointerRef};

use super::wording;
pub(crate) use super::wording::{one_of, unknown_field};
use crate::names::Misfit;
use crate::shown;

/// Most mistakes that are printed; a document with more is a wrong document.
const MOST_SHOWN: usize = 100;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where, for example `targets[0].region`; empty for the whole document.
    pub path: String,
    /// The value seen, escaped and shortened; `None` where there is none or where it may be a secret.
    pub seen: Option<String>,
    /// What is wrong with it.
    pub why: String,
    /// What to do.
    pub way_out: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            "the document"
        } else {
            &self.path
        };
        match &self.seen {
            Some(seen) => write!(f, "{path}: {seen} {}; {}", self.why, self.way_out),
            None => write!(f, "{path}: {}; {}", self.why, self.way_out),
        }
    }
}

/// All mistakes of a document. `Display` numbers them, one a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// No mistakes yet.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// One mistake.
    #[must_use]
    pub fn one(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }

    /// The mistakes in the order found.
    #[must_use]
    pub fn as_slice(&self) -> &[Mistake] {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of mistakes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn push(&mut self, mistake: Mistake) {
        self.0.push(mistake);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// A text that does not fit its type, for hand-written `Deserr` implementations.
    #[must_use]
    pub fn misfit(seen: &str, misfit: Misfit, location: ValuePointerRef<'_>) -> Self {
        let secret = shown::secret(location.last_field().unwrap_or_default(), seen);
        let seen = if secret {
            "the value (not shown, it looks like a secret)".to_owned()
        } else {
            shown::quoted(seen)
        };
        Self::one(Mistake {
            path: path(location),
            seen: Some(seen),
            why: misfit.why,
            way_out: misfit.way_out,
        })
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.0.len() == 1 { "mistake" } else { "mistakes" };
        write!(f, "the settings have {} {noun}:", self.0.len())?;
        for (number, mistake) in self.0.iter().take(MOST_SHOWN).enumerate() {
            write!(f, "\n{:>3}. {mistake}", number + 1)?;
        }
        if self.0.len() > MOST_SHOWN {
            write!(f, "\n     and {} more", self.0.len() - MOST_SHOWN)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// `a.b[0].c`.
pub(crate) fn path(location: ValuePointerRef<'_>) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Index { index, prev } => format!("{}[{index}]", path(*prev)),
        ValuePointerRef::Key { key, prev } => joined(&path(*prev), key),
    }
}

/// `parent.key`, with a key that is no plain name in quotes.
pub(crate) fn joined(parent: &str, key: &str) -> String {
    let plain = !key.is_empty()
        && key.len() <= 63
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let key = if plain { key.to_owned() } else { shown::quoted(key) };
    if parent.is_empty() {
        key
    } else {
        format!("{parent}.{key}")
    }
}

impl MergeWithError<Self> for Mistakes {
    fn merge(known: Option<Self>, other: Self, _: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        let mut all = known.unwrap_or_default();
        all.extend(other);
        ControlFlow::Continue(all)
    }
}

/// Lets a field use `#[deserr(try_from(String) = f -> Misfit)]`.
impl MergeWithError<Misfit> for Mistakes {
    fn merge(known: Option<Self>, other: Misfit, location: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        let mut all = known.unwrap_or_default();
        all.push(Mistake {
            path: path(location),
            seen: None,
            why: other.why,
            way_out: other.way_out,
        });
        ControlFlow::Continue(all)
    }
}

impl DeserializeError for Mistakes {
    fn error<V: IntoValue>(
        known: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        #[cfg(feature = "schemas")]
        super::schema::listen(&error, location);
        let mut all = known.unwrap_or_default();
        all.push(wording::mistake(error, location));
        ControlFlow::Continue(all)
    }
}

/// A mistake of a kind that `deserr` has no word for.
pub(crate) fn unexpected(
    location: ValuePointerRef<'_>,
    kinds: &[ValueKind],
    actual: Value<impl IntoValue>,
) -> Mistakes {
    let error = ErrorKind::IncorrectValueKind {
        actual,
        accepted: kinds,
    };
    deserr::take_cf_content(Mistakes::error(None, error, location))
}

/// Reads a text and parses it; for types that are built from text.
pub(crate) fn parsed<T: std::str::FromStr<Err = Misfit>, V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<T, Mistakes> {
    match value {
        Value::String(text) => text
            .parse()
            .map_err(|misfit| Mistakes::misfit(&text, misfit, location)),
        other => Err(unexpected(location, &[ValueKind::String], other)),
    }
}

/// Implements `Deserr<Mistakes>` for a type whose `FromStr` error is [`Misfit`].
macro_rules! deserr_from_text {
    ($name:ty) => {
        impl deserr::Deserr<$crate::settings::Mistakes> for $name {
            fn deserialize_from_value<V: deserr::IntoValue>(
                value: deserr::Value<V>,
                location: deserr::ValuePointerRef<'_>,
            ) -> Result<Self, $crate::settings::Mistakes> {
                $crate::settings::mistakes::parsed(value, location)
            }
        }
    };
}
pub(crate) use deserr_from_text;
