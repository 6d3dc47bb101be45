//! Value types of settings: each reads itself from JSON and says what it wants.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};

use super::mistakes::{self, Mistakes, deserr_from_text};
use crate::names::Misfit;

/// A share of something, 0 to 100, fractions allowed.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Percent(f64);

impl Percent {
    /// A percentage, or nothing when `value` is not within 0 and 100.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=100.0).contains(&value).then_some(Self(value))
    }

    /// The value, 0 to 100.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

impl Deserr<Mistakes> for Percent {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Mistakes> {
        let number = match value {
            // Beyond 100 either way is refused, so the rounding of huge numbers does not matter.
            Value::Integer(number) => f64::from(u32::try_from(number).unwrap_or(u32::MAX)),
            Value::NegativeInteger(number) => f64::from(i32::try_from(number).unwrap_or(i32::MIN)),
            Value::Float(number) => number,
            other => {
                return Err(mistakes::unexpected(
                    location,
                    &[ValueKind::Integer, ValueKind::Float],
                    other,
                ));
            }
        };
        let misfit = || Misfit::new("is not a percentage", "write a number from 0 to 100");
        Self::new(number).ok_or_else(|| Mistakes::misfit(&number.to_string(), misfit(), location))
    }
}

/// An `https` URL without user, query and fragment. Plain `http` is refused also for loopback: what is sent there
/// carries a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsUrl(url::Url);

impl Deref for HttpsUrl {
    type Target = url::Url;
    fn deref(&self) -> &url::Url {
        &self.0
    }
}

impl FromStr for HttpsUrl {
    type Err = Misfit;

    fn from_str(text: &str) -> Result<Self, Misfit> {
        let refused = |why: &str| {
            Misfit::new(
                why,
                "write https://host[:port], for example https://127.0.0.1:6443",
            )
        };
        let url = url::Url::parse(text).map_err(|_| refused("is not a URL"))?;
        if url.scheme() != "https" {
            return Err(refused(
                "is not https, and a token would be sent there in the clear",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("carries a user"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("carries a query or a fragment"));
        }
        let link_local = match url.host() {
            None => return Err(refused("names no host")),
            Some(url::Host::Ipv4(address)) => address.is_link_local(),
            Some(url::Host::Ipv6(address)) => address.is_unicast_link_local(),
            Some(url::Host::Domain(_)) => false,
        };
        if link_local {
            return Err(refused("is a link-local address, where metadata services listen"));
        }
        Ok(Self(url))
    }
}

deserr_from_text!(HttpsUrl);
