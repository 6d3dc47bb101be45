//! The bearer token of an EKS cluster: a presigned `sts:GetCallerIdentity` URL that the cluster's authenticator
//! sends to STS to learn who is calling. Making one is arithmetic; nothing is sent.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use day2_core::arn::Partition;

/// What every token starts with (source: aws-iam-authenticator, "API Authorization from Outside a Cluster").
const PREFIX: &str = "k8s-aws-v1.";

/// `X-Amz-Expires`. The authenticator bounds a token by the signing time and not by this, but
/// `aws eks get-token` and aws-iam-authenticator both write 60, so that a check on it is passed.
const PRESIGN_EXPIRES: Duration = Duration::from_mins(1);

/// How long a token is used. EKS accepts one for 15 minutes after signing; one minute is left for clocks that
/// differ and for the request that carries it.
const USED_FOR: SignedDuration = SignedDuration::from_mins(14);

/// A token is not used within this time of the expiry of the credentials that signed it, because STS then
/// refuses the URL.
const CREDENTIALS_MARGIN: SignedDuration = SignedDuration::from_mins(1);

/// A bearer token. It never prints itself.
#[derive(Clone)]
pub(crate) struct Token {
    header: HeaderValue,
    use_until: Timestamp,
}

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
#[error("token for cluster `{cluster}` could not be signed: {why}")]
pub(crate) struct TokenError {
    pub(crate) cluster: String,
    pub(crate) why: String,
}

impl Token {
    /// Signs a token for `cluster` as of `now`.
    pub(crate) fn sign(
        credentials: &Credentials,
        cluster: &str,
        region: &str,
        partition: Partition,
        now: Timestamp,
    ) -> Result<Self, TokenError> {
        let failed = |why: String| TokenError {
            cluster: cluster.to_owned(),
            why,
        };
        let url = presign(credentials, cluster, region, partition, now).map_err(failed)?;
        let mut header = HeaderValue::try_from(format!("Bearer {PREFIX}{}", URL_SAFE_NO_PAD.encode(url)))
            .map_err(|_| failed("not usable as a header".to_owned()))?;
        header.set_sensitive(true);
        let mut use_until = now.saturating_add(USED_FOR).unwrap_or(now);
        if let Some(expiry) = credentials
            .expiry()
            .and_then(|expiry| Timestamp::try_from(expiry).ok())
        {
            let credentials_until = expiry.saturating_sub(CREDENTIALS_MARGIN).unwrap_or(expiry);
            use_until = use_until.min(credentials_until);
        }
        Ok(Self { header, use_until })
    }

    /// Whether it should still be sent at `now`.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.use_until
    }

    /// The value of the `authorization` header, marked as sensitive.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(hidden, used until {})", self.use_until)
    }
}

fn presign(
    credentials: &Credentials,
    cluster: &str,
    region: &str,
    partition: Partition,
    now: Timestamp,
) -> Result<String, String> {
    let url = Url::parse(&format!(
        "https://sts.{region}.{}/?Action=GetCallerIdentity&Version=2011-06-15",
        partition.dns_suffix()
    ))
    .map_err(|error| format!("region `{region}`: {error}"))?;

    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(PRESIGN_EXPIRES);
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(SystemTime::from(now))
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let request = SignableRequest::new(
        "GET",
        url.as_str(),
        std::iter::once(("x-k8s-aws-id", cluster)),
        SignableBody::Bytes(&[]),
    )
    .map_err(|error| error.to_string())?;
    let (instructions, _) = sign(request, &params)
        .map_err(|error| error.to_string())?
        .into_parts();
    let mut signed = http::Request::get(url.as_str())
        .body(())
        .map_err(|error| error.to_string())?;
    instructions.apply_to_request_http1x(&mut signed);
    Ok(signed.uri().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-29T01:30:00Z.
    fn now() -> Timestamp {
        Timestamp::from_second(1_774_747_800).unwrap()
    }

    fn credentials(session: Option<&str>) -> Credentials {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        Credentials::new("AKIDEXAMPLE", secret, session.map(str::to_owned), None, "test")
    }

    /// The parameters of a URL in the order of their names: their order in the URL means nothing to STS.
    fn parameters(url: &str) -> (String, Vec<(String, String)>) {
        let url = Url::parse(url).unwrap();
        let mut pairs: Vec<_> = url.query_pairs().into_owned().collect();
        pairs.sort();
        (format!("{}{}", url.host_str().unwrap(), url.path()), pairs)
    }

    /// Expected values: botocore 1.43, `RequestSigner.generate_presigned_url` as `aws eks get-token` calls it, with these
    /// credentials and this time.
    #[test]
    fn tokens_equal_those_of_another_implementation() {
        for (partition, region, session, expected) in [
            (
                Partition::Aws,
                "us-east-1",
                Some("IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVz+/="),
                "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15\
                 &X-Amz-Algorithm=AWS4-HMAC-SHA256\
                 &X-Amz-Credential=AKIDEXAMPLE%2F20260329%2Fus-east-1%2Fsts%2Faws4_request\
                 &X-Amz-Date=20260329T013000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id\
                 &X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE%2F%2F%2F%2F%2F%2F%2F%2F%2F%2FwEaCXVz%2B%2F%3D\
                 &X-Amz-Signature=dd544cc3a8121f67e8ba5e91f8e4039e5f89be3cd43ec66265f5b6d811586b61",
            ),
            (
                Partition::AwsUsGov,
                "us-gov-west-1",
                None,
                "https://sts.us-gov-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15\
                 &X-Amz-Algorithm=AWS4-HMAC-SHA256\
                 &X-Amz-Credential=AKIDEXAMPLE%2F20260329%2Fus-gov-west-1%2Fsts%2Faws4_request\
                 &X-Amz-Date=20260329T013000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id\
                 &X-Amz-Signature=fe39c74820468cd895028b9e19249ba92853ef4405a7c36adbfc6d46a2540e8e",
            ),
            (
                Partition::AwsCn,
                "cn-north-1",
                None,
                "https://sts.cn-north-1.amazonaws.com.cn/?Action=GetCallerIdentity&Version=2011-06-15\
                 &X-Amz-Algorithm=AWS4-HMAC-SHA256\
                 &X-Amz-Credential=AKIDEXAMPLE%2F20260329%2Fcn-north-1%2Fsts%2Faws4_request\
                 &X-Amz-Date=20260329T013000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id\
                 &X-Amz-Signature=e3163db0134e257990924f83c2dd62c0a0953dffb43a56717e28984dae952123",
            ),
        ] {
            let token = Token::sign(&credentials(session), "prod-a", region, partition, now()).unwrap();
            let header = token.header();
            assert!(header.is_sensitive());
            let encoded = header
                .to_str()
                .unwrap()
                .strip_prefix("Bearer k8s-aws-v1.")
                .unwrap();
            let url = String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap();
            assert_eq!(parameters(&url), parameters(expected));
            assert!(
                url.contains("%2F20260329%2F") && !url.contains("%252F"),
                "encoded once"
            );
        }
    }

    #[test]
    fn a_token_ages_and_never_outlives_its_credentials() {
        let minutes = |count: i64| now().saturating_add(SignedDuration::from_mins(count)).unwrap();
        let sign = |credentials: &Credentials| {
            Token::sign(credentials, "prod-a", "us-east-1", Partition::Aws, now()).unwrap()
        };
        let lasting = sign(&credentials(None));
        assert!(lasting.is_fresh(now()) && lasting.is_fresh(minutes(13)) && !lasting.is_fresh(minutes(14)));
        let mut expiring = credentials(Some("session"));
        *expiring.expiry_mut() = Some(SystemTime::from(minutes(5)));
        let expiring = sign(&expiring);
        assert!(expiring.is_fresh(minutes(3)) && !expiring.is_fresh(minutes(4)));
    }

    #[test]
    fn a_token_never_prints_itself_e18() {
        let token = Token::sign(&credentials(None), "prod-a", "us-east-1", Partition::Aws, now()).unwrap();
        for shown in [format!("{token:?}"), format!("{:?}", token.header())] {
            assert!(!shown.contains("k8s-aws-v1") && shown.len() < 60, "{shown}");
        }
    }
}
