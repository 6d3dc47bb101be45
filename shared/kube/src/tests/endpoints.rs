//! The pure check of an endpoint.

use proptest::prelude::*;

use crate::endpoint::Endpoint;
use day2_core::arn::Partition;

fn check(address: &str) -> Result<Endpoint, String> {
    Endpoint::described(address, "us-east-1", Partition::Aws).map_err(|error| error.to_string())
}

#[test]
fn real_names_of_each_partition_are_accepted_e15() {
    for (partition, region, address) in [
        (
            Partition::Aws,
            "us-east-1",
            "https://EXAMPLE0A04F01705DD065655C30CC3D.gr7.us-east-1.eks.amazonaws.com",
        ),
        (
            Partition::Aws,
            "us-west-2",
            "https://EXAMPLE0A04F01705DD065655C30CC3D.yl4.us-west-2.eks.amazonaws.com/",
        ),
        (
            Partition::Aws,
            "eu-central-1",
            "https://prod-a.eks-cluster.eu-central-1.api.aws",
        ),
        (
            Partition::AwsUsGov,
            "us-gov-west-1",
            "https://0123456789ABCDEF.sk1.us-gov-west-1.eks.amazonaws.com",
        ),
        (
            Partition::AwsUsGov,
            "us-gov-east-1",
            "https://0123456789ABCDEF.eks-cluster.us-gov-east-1.api.aws",
        ),
        (
            Partition::AwsCn,
            "cn-north-1",
            "https://0123456789ABCDEF.sk1.cn-north-1.eks.amazonaws.com.cn",
        ),
        (
            Partition::AwsCn,
            "cn-northwest-1",
            "https://0123.eks-cluster.cn-northwest-1.amazonwebservices.com.cn",
        ),
        (
            Partition::AwsCn,
            "cn-north-1",
            "https://0123.eks-cluster.cn-north-1.api.amazonwebservices.com.cn",
        ),
    ] {
        let endpoint = Endpoint::described(address, region, partition).unwrap();
        assert!(
            endpoint
                .to_string()
                .eq_ignore_ascii_case(address.trim_end_matches('/')),
            "{address}"
        );
    }
}

#[test]
fn a_name_of_another_region_or_partition_is_refused_e15() {
    let name = "https://ABC.gr7.us-east-1.eks.amazonaws.com";
    assert!(Endpoint::described(name, "us-east-1", Partition::Aws).is_ok());
    assert!(Endpoint::described(name, "us-east-2", Partition::Aws).is_err());
    assert!(Endpoint::described(name, "us-east-1", Partition::AwsCn).is_err());
    let china = "https://ABC.sk1.cn-north-1.eks.amazonaws.com.cn";
    assert!(Endpoint::described(china, "cn-north-1", Partition::Aws).is_err());
}

#[test]
fn hostile_addresses_are_refused_e15() {
    for address in [
        "",
        "https://",
        "not a url",
        "http://169.254.169.254",
        "http://a.gr7.us-east-1.eks.amazonaws.com",
        "ftp://a.gr7.us-east-1.eks.amazonaws.com",
        "https://localhost:2375",
        "https://169.254.169.254",
        "https://[::1]",
        "https://2130706433",
        "https://0x7f.1",
        "https://evil.example",
        "https://a@b",
        "https://a@x.gr7.us-east-1.eks.amazonaws.com",
        "https://@x.gr7.us-east-1.eks.amazonaws.com",
        "https://x.us-east-1.eks.amazonaws.com:443@evil.example",
        "https://a.us-east-1.eks.amazonaws.com.evil.example",
        "https://evil.example/.us-east-1.eks.amazonaws.com",
        "https://evil.example?.us-east-1.eks.amazonaws.com",
        "https://evil.example#.us-east-1.eks.amazonaws.com",
        "https://evil.example\\.us-east-1.eks.amazonaws.com",
        "https:\\\\a.us-east-1.eks.amazonaws.com",
        "https:a.us-east-1.eks.amazonaws.com",
        "https:///a.us-east-1.eks.amazonaws.com",
        "https://us-east-1.eks.amazonaws.com",
        "https://.us-east-1.eks.amazonaws.com",
        "https://a..us-east-1.eks.amazonaws.com",
        "https://evilus-east-1.eks.amazonaws.com",
        "https://a_b.us-east-1.eks.amazonaws.com",
        "https://a.us-east-1.eks.amazonaws.com.",
        "https://a.us-east-1.eks.amazonaws.com:8443",
        "https://a.us-east-1.eks.amazonaws.com/path",
        "https://a.us-east-1.eks.amazonaws.com?q",
        "https://a.us-east-1.eks.amazonaws.com#f",
        " https://a.us-east-1.eks.amazonaws.com",
        "https://a.us-east-1.eks.amazonaws.com\n",
        "https://a\t.us-east-1.eks.amazonaws.com",
        "https://a.us-east-1.eks.amazonaws.com%2eevil.example",
        "https://\u{ff41}.us-east-1.eks.amazonaws.com",
        "https://a.us-east-1.eks.amazonaws\u{3002}com",
        "https://\u{430}.us-east-1.eks.amazonaws.com",
        "https://a.us\u{ad}-east-1.eks.amazonaws.com",
    ] {
        assert!(check(address).is_err(), "{address:?}");
    }
}

#[test]
fn a_refusal_names_the_rule_and_prints_on_one_line_e15() {
    let refusal = check("https://evil.example\n\u{1b}[31m").unwrap_err();
    assert!(
        !refusal.contains('\n') && !refusal.contains('\u{1b}'),
        "{refusal:?}"
    );
    let refusal = check("https://evil.example").unwrap_err();
    assert!(
        refusal.contains("must end in .us-east-1.eks.amazonaws.com or .us-east-1.api.aws"),
        "{refusal}"
    );
}

#[test]
fn an_endpoint_of_the_settings_may_have_any_host_and_port_but_must_be_https() {
    for (address, authority) in [
        ("https://127.0.0.1:6443", "127.0.0.1:6443"),
        ("https://[::1]:6443", "[::1]:6443"),
        ("https://eks.internal.example", "eks.internal.example"),
    ] {
        assert_eq!(
            Endpoint::named_in_settings(address).unwrap().authority(),
            authority
        );
    }
    for address in [
        "http://127.0.0.1:6443",
        "https://u@127.0.0.1",
        "https://127.0.0.1/x",
        "127.0.0.1:6443",
    ] {
        assert!(Endpoint::named_in_settings(address).is_err(), "{address}");
    }
}

proptest! {
    /// Whatever is accepted is https to a name under EKS's domain, however the text was put together.
    #[test]
    fn nothing_but_an_eks_name_is_ever_accepted_e15(
        text in prop_oneof![
            "\\PC{0,60}",
            "https://\\PC{0,40}\\.us-east-1\\.eks\\.amazonaws\\.com\\PC{0,10}",
            "(https?:)?//?[a-zA-Z0-9@:./\\\\#?%\\[\\]-]{0,30}(\\.us-east-1\\.(eks\\.amazonaws\\.com|api\\.aws))?[a-z.:/@0-9]{0,10}",
        ]
    ) {
        if let Ok(endpoint) = check(&text) {
            let authority = endpoint.authority();
            prop_assert!(
                authority.ends_with(".us-east-1.eks.amazonaws.com") || authority.ends_with(".us-east-1.api.aws"),
                "{text:?} gave {authority}"
            );
            prop_assert!(authority.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b)));
            prop_assert!(text.to_ascii_lowercase().starts_with("https://"));
            prop_assert_eq!(text[8..].trim_end_matches('/').to_ascii_lowercase(), authority);
        }
    }
}
