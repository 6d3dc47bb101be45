//! Which host may be given a token for a cluster.
//!
//! The endpoint comes from `DescribeCluster`, that is, from the network. A token sent to a wrong host is a
//! credential given away, so that the name is checked before a connection is made (design §8).

use std::fmt;

use day2_core::arn::Partition;
use url::{Host, Url};

/// The host suffixes under which EKS serves clusters of `region`.
///
/// Source: EKS user guide, "Cluster API server endpoint" (`eks-cluster.region.api.aws` for dual stack,
/// `eks-cluster.region.api.amazonwebservices.com.cn` in China), and the names that `DescribeCluster` returns.
fn suffixes(partition: Partition, region: &str) -> Vec<String> {
    let names: &[&str] = match partition {
        Partition::Aws | Partition::AwsUsGov => &["eks.amazonaws.com", "api.aws"],
        Partition::AwsCn => &[
            "eks.amazonaws.com.cn",
            "amazonwebservices.com.cn",
            "api.amazonwebservices.com.cn",
        ],
    };
    names.iter().map(|name| format!(".{region}.{name}")).collect()
}

/// An API server address that may be given the cluster's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `host` or `host:port`, as it stands in a URL.
    authority: String,
}

/// Why an address was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("endpoint `{endpoint}` is refused: {why}")]
pub struct EndpointRefused {
    /// The address as it was given, in a form that prints on one line.
    pub endpoint: String,
    /// The rule that it breaks, and what would satisfy it.
    pub why: String,
}

impl EndpointRefused {
    fn new(address: &str, why: String) -> Self {
        Self {
            endpoint: address.chars().take(200).flat_map(char::escape_default).collect(),
            why,
        }
    }
}

impl Endpoint {
    /// Accepts the address that `DescribeCluster` returned, or says why not.
    ///
    /// It must be `https`, on port 443, without user, path or query, and its host must be a name under EKS's domains
    /// of this region.
    ///
    /// # Errors
    ///
    /// [`EndpointRefused`], naming the first rule broken.
    pub fn described(address: &str, region: &str, partition: Partition) -> Result<Self, EndpointRefused> {
        let refuse = |why: String| EndpointRefused::new(address, why);
        let url = parse(address).map_err(refuse)?;
        let suffixes = suffixes(partition, region);
        let belongs = match url.host() {
            Some(Host::Domain(name)) => suffixes
                .iter()
                .any(|suffix| name.strip_suffix(suffix.as_str()).is_some_and(is_dotted_name)),
            _ => false,
        };
        if !belongs {
            return Err(refuse(format!(
                "the host must end in {}, or be named as the target's `cluster.endpoint`",
                suffixes.join(" or ")
            )));
        }
        if url.port().is_some() {
            return Err(refuse("EKS serves clusters on port 443 only".to_owned()));
        }
        Ok(Self::of(&url))
    }

    /// Accepts the address that the target's settings name. Any host and port will do, because settings are
    /// ours; it must still be `https` and carry no user, path or query.
    ///
    /// # Errors
    ///
    /// [`EndpointRefused`], naming the first rule broken.
    pub fn named_in_settings(address: &str) -> Result<Self, EndpointRefused> {
        let url = parse(address).map_err(|why| EndpointRefused::new(address, why))?;
        Ok(Self::of(&url))
    }

    fn of(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let authority = url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Self { authority }
    }

    /// `host` or `host:port`.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.authority)
    }
}

/// Parses an address that is https and nothing but scheme, host and port.
///
/// The URL parser repairs what it reads (upper case, tabs, backslashes, full-width letters), and two parsers that
/// repair differently are how such checks are passed by. So the text must already be in its repaired form.
fn parse(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
    if url.scheme() != "https" {
        return Err("only https is spoken to a cluster".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        return Err("it carries a user".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("it carries a path, query or fragment".to_owned());
    }
    let plain = url.as_str();
    // `DescribeCluster` writes the host of a cluster in capitals, so that case alone may differ.
    let same = text.eq_ignore_ascii_case(plain)
        || plain
            .strip_suffix('/')
            .is_some_and(|p| text.eq_ignore_ascii_case(p));
    if !same {
        return Err(format!("it is not written plainly (read as `{plain}`)"));
    }
    Ok(url)
}

/// One or more labels of letters, digits and hyphens.
fn is_dotted_name(name: &str) -> bool {
    name.split('.').all(|label| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}
