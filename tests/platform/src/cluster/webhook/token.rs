//! Reading a token of `aws eks get-token`: what must be true before an STS is asked.
//!
//! The rules are those of the public aws-iam-authenticator, which EKS runs in front of its clusters
//! (<https://github.com/kubernetes-sigs/aws-iam-authenticator>, "API authorization from outside a cluster").

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use url::Url;

/// What every token starts with.
const PREFIX: &str = "k8s-aws-v1.";
/// Longest token, in bytes.
const LENGTH_LIMIT: usize = 4 * 1024;
/// How long a signature counts after its date, whatever its own `X-Amz-Expires` says.
const LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// Largest `X-Amz-Expires`, in seconds.
const EXPIRES_LIMIT: u32 = 900;
/// The header that binds a token to one cluster; it must be among the signed ones.
pub(crate) const CLUSTER_HEADER: &str = "x-k8s-aws-id";
/// The only query parameters a token may have, in lower case.
const PARAMETERS: [&str; 9] = [
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// A presigned request that may be sent to an STS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Presigned {
    /// The host it was signed for.
    pub(crate) host: String,
    /// Path and query, byte for byte as signed.
    pub(crate) target: String,
    /// For the user's extra fields, as EKS gives them.
    pub(crate) access_key_id: String,
}

/// Why a token is not accepted. Never holds any of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);

fn refused<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused(why.into()))
}

/// Checks everything that can be known without asking.
pub(crate) fn read(token: &str, now: Timestamp) -> Result<Presigned, Refused> {
    if token.len() > LENGTH_LIMIT {
        return refused(format!("the token is longer than {LENGTH_LIMIT} bytes"));
    }
    let Some(encoded) = token.strip_prefix(PREFIX) else {
        return refused(format!("the token does not start with {PREFIX}"));
    };
    let text = URL_SAFE_NO_PAD
        .decode(encoded)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((text, url)) = text.and_then(|text| Url::parse(&text).ok().map(|url| (text, url))) else {
        return refused("the token holds no URL in unpadded base64url");
    };
    if url.scheme() != "https"
        || url.port().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return refused("the URL is not plain https");
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    if !is_sts(&host) {
        return refused(format!("`{host}` is no STS of AWS"));
    }
    if url.path() != "/" || url.fragment().is_some() {
        return refused("the path is not /");
    }
    let parameters = parameters(&url)?;
    let get = |name: &str| parameters.get(name).map_or("", String::as_str);
    if get("action") != "GetCallerIdentity" {
        return refused("the action is not GetCallerIdentity");
    }
    if get("version") != "2011-06-15" {
        return refused("the version is not 2011-06-15");
    }
    let signed: Vec<&str> = get("x-amz-signedheaders").split(';').collect();
    if !signed.contains(&"host") || !signed.contains(&CLUSTER_HEADER) {
        return refused(format!("host and {CLUSTER_HEADER} are not both signed"));
    }
    if !get("x-amz-expires")
        .parse::<u32>()
        .is_ok_and(|seconds| seconds <= EXPIRES_LIMIT)
    {
        return refused(format!(
            "X-Amz-Expires is not between 0 and {EXPIRES_LIMIT} seconds"
        ));
    }
    check_date(get("x-amz-date"), now)?;
    let Some((_, target)) = text.split_once(&host) else {
        return refused("the URL does not spell its host plainly");
    };
    // `https://host?query` and `https://host/?query` are the same request.
    let target = if target.starts_with('/') {
        target.to_owned()
    } else {
        format!("/{target}")
    };
    let access_key_id = get("x-amz-credential")
        .split('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    Ok(Presigned {
        host,
        target,
        access_key_id,
    })
}

/// Global and regional hosts, with and without FIPS, of all partitions that have EKS.
fn is_sts(host: &str) -> bool {
    let Some(rest) = host
        .strip_prefix("sts.")
        .or_else(|| host.strip_prefix("sts-fips."))
    else {
        return false;
    };
    if rest == "amazonaws.com" {
        return true;
    }
    let region = rest
        .strip_suffix(".amazonaws.com")
        .or_else(|| rest.strip_suffix(".amazonaws.com.cn"));
    region.is_some_and(|region| {
        region.split('-').count() >= 3
            && region
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
    })
}

fn parameters(url: &Url) -> Result<BTreeMap<String, String>, Refused> {
    let mut found = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        let name = name.to_ascii_lowercase();
        if !PARAMETERS.contains(&name.as_str()) {
            return refused("there is a query parameter that does not belong here");
        }
        if found.insert(name, value.into_owned()).is_some() {
            return refused("a query parameter is given twice");
        }
    }
    Ok(found)
}

fn check_date(date: &str, now: Timestamp) -> Result<(), Refused> {
    let signed_at = DateTime::strptime("%Y%m%dT%H%M%SZ", date).and_then(|date| date.to_zoned(TimeZone::UTC));
    let Ok(signed_at) = signed_at else {
        return refused("X-Amz-Date is no date");
    };
    if now.duration_since(signed_at.timestamp()) > LIFETIME {
        return refused(format!("the token is older than {} minutes", LIFETIME.as_mins()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=ASIAEXAMPLE%2F20260302%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20260302T063000Z\
        &X-Amz-Expires=60&X-Amz-Security-Token=FwoG%2F%2Babc&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=00ff";

    fn token(url: &str) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(url))
    }

    fn judge(url: &str) -> Result<Presigned, String> {
        judge_at(url, "2026-03-02T06:31:00Z")
    }

    fn judge_at(url: &str, now: &str) -> Result<Presigned, String> {
        read(&token(url), now.parse().unwrap()).map_err(|refused| refused.to_string())
    }

    #[test]
    fn a_good_token_keeps_host_and_query_byte_for_byte() {
        let seen = judge(&format!("https://sts.us-east-1.amazonaws.com/?{QUERY}")).unwrap();
        assert_eq!(seen.host, "sts.us-east-1.amazonaws.com");
        assert_eq!(seen.target, format!("/?{QUERY}"));
        assert_eq!(seen.access_key_id, "ASIAEXAMPLE");
    }

    #[test]
    fn hosts_of_every_partition_are_accepted_and_look_alikes_are_not() {
        for host in [
            "sts.amazonaws.com",
            "sts.eu-central-1.amazonaws.com",
            "sts.us-gov-west-1.amazonaws.com",
            "sts-fips.us-east-1.amazonaws.com",
            "sts.cn-north-1.amazonaws.com.cn",
        ] {
            assert!(judge(&format!("https://{host}/?{QUERY}")).is_ok(), "{host}");
        }
        for host in [
            "evil.example",
            "sts.evil.example",
            "sts.us-east-1.amazonaws.com.evil.example",
            "evil.example.amazonaws.com",
            "sts.evil.amazonaws.com",
            "sts.us-east-1.amazonaws.com.",
            "s3.us-east-1.amazonaws.com",
            "user@sts.us-east-1.amazonaws.com",
            "sts.us-east-1.amazonaws.com:8443",
        ] {
            assert!(judge(&format!("https://{host}/?{QUERY}")).is_err(), "{host}");
        }
    }

    #[test]
    fn each_rule_refuses_with_its_own_words() {
        let base = format!("https://sts.us-east-1.amazonaws.com/?{QUERY}");
        for (from, to, why) in [
            ("https:", "http:", "not plain https"),
            ("amazonaws.com/", "amazonaws.com/x", "path"),
            ("GetCallerIdentity", "AssumeRole", "action"),
            ("2011-06-15", "2012-01-01", "version"),
            ("host%3Bx-k8s-aws-id", "host", "not both signed"),
            ("host%3Bx-k8s-aws-id", "x-k8s-aws-id", "not both signed"),
            ("X-Amz-Expires=60", "X-Amz-Expires=901", "X-Amz-Expires"),
            ("X-Amz-Expires=60", "X-Amz-Expires=-1", "X-Amz-Expires"),
            ("&X-Amz-Expires=60", "", "X-Amz-Expires"),
            ("20260302T063000Z", "20260302", "no date"),
            ("&X-Amz-Date=20260302T063000Z", "", "no date"),
            (
                "Action=GetCallerIdentity",
                "Action=GetCallerIdentity&action=AssumeRole",
                "twice",
            ),
            ("Action=", "RoleArn=arn%3Aaws&Action=", "does not belong"),
        ] {
            let url = base.replacen(from, to, 1);
            assert_ne!(url, base, "{from}");
            let said = judge(&url).unwrap_err();
            assert!(said.contains(why), "{from} -> {to}: {said}");
        }
    }

    #[test]
    fn a_token_counts_for_fifteen_minutes_after_its_date() {
        let url = format!("https://sts.us-east-1.amazonaws.com/?{QUERY}");
        assert!(judge_at(&url, "2026-03-02T06:45:00Z").is_ok());
        assert!(
            judge_at(&url, "2026-03-02T06:45:01Z")
                .unwrap_err()
                .contains("older than 15 minutes")
        );
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let now = "2026-03-02T06:31:00Z".parse().unwrap();
        for token in [
            "",
            "k8s-aws-v1.",
            "k8s-aws-v1.!!!",
            "k8s-aws-v2.aHR0cHM",
            "k8s-aws-v1.aHR0cHM6Ly8=",
            "eyJhbGciOi",
        ] {
            assert!(read(token, now).is_err(), "{token}");
        }
        assert!(
            read(&format!("{PREFIX}{}", "a".repeat(LENGTH_LIMIT)), now)
                .unwrap_err()
                .0
                .contains("longer")
        );
    }
}
