//! Certificates in declared Secrets.

use day2_core::{Cause, Unreadable, Verdict};
use day2_probe::{Certificate, Chain};
use serde_json::json;

use super::world::{World, ago};
use crate::facts::stored::Stored;

fn certificate(name: &str, days: i64) -> Certificate {
    Certificate {
        names: vec![name.to_owned()],
        issuer: "CN=ca".to_owned(),
        serial: "01".to_owned(),
        begins: ago(60 * 24 * 30).parse().unwrap(),
        ends: ago(-60 * 24 * days - 1).parse().unwrap(),
    }
}

fn chain(leaf: i64, authority: i64) -> Stored {
    Stored::Chain(Chain {
        leaf: certificate("shop.example", leaf),
        authorities: vec![certificate("CN=ca", authority)],
    })
}

#[test]
fn a_declared_secret_is_judged_by_the_certificate_that_it_holds() {
    let says: [(&str, Stored, &str); 5] = [
        (
            "ends soon",
            chain(13, 400),
            "certificate ends in 13 days, on 2026-12-03, limit 14 days",
        ),
        (
            "has ended",
            chain(-3, 400),
            "certificate ended 3 days ago, on 2026-11-17",
        ),
        (
            "its authority ends first",
            chain(300, 5),
            "the authority's certificate of CN=ca ends in 5 days, on 2026-11-25, limit 14 days",
        ),
        ("is gone", Stored::Nothing, "is declared, and not there"),
        (
            "holds something else",
            Stored::Unusable("tls.crt: it holds no certificate".to_owned()),
            "tls.crt: it holds no certificate",
        ),
    ];
    for (what, found, expected) in says {
        let world = World::well()
            .stored("good-tls", Ok(chain(60, 400)))
            .stored("bad-tls", Ok(found));
        let (code, name, words) = world.only();
        assert_eq!(
            (code.as_str(), name.as_str(), words.as_str()),
            ("HLT-173", "shop/Secret/bad-tls", expected),
            "{what}"
        );
        assert_eq!(world.item("HLT-173").population().examined, 2, "{what}");
    }
    let enough = World::well().stored("good-tls", Ok(chain(14, 400)));
    enough.is_well("fourteen days are enough");
    assert_eq!(enough.item("HLT-173").verdict(), Verdict::Pass);
    let undeclared = World::well().items();
    assert!(
        undeclared.iter().all(|item| item.code != "HLT-173"),
        "nobody looks where nothing is declared"
    );
}

#[test]
fn a_secret_that_may_not_be_read_is_unknown_and_hides_no_other_w28() {
    let why = Unreadable::new(
        "get secrets shop/locked-tls",
        "prod-a",
        Cause::Denied,
        "forbidden",
    );
    let world = |other| {
        World::well()
            .stored("locked-tls", Err(why.clone()))
            .stored("b-tls", Ok(other))
    };
    let item = world(chain(60, 400)).item("HLT-173");
    assert_eq!(
        (item.verdict(), item.population().examined),
        (Verdict::Unknown, 1)
    );
    assert_eq!(item.subjects[0].name, "shop/Secret/locked-tls");
    assert!(item.remedy.unwrap().contains("certificate_roles"));
    let item = world(chain(2, 400)).item("HLT-173");
    assert_eq!((item.verdict(), item.subjects.len()), (Verdict::Fail, 2));
}

#[test]
fn what_cert_manager_speaks_of_is_not_told_twice() {
    let of = |secret: &str, days: i64| {
        let mut end = certificate("x", days).ends.to_string();
        end.truncate(20);
        json!({"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": ago(90_000)}, "spec": {"secretName": secret},
        "status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(500)}], "notAfter": end}})
    };
    let world = |certificate| {
        World::well()
            .with("certificates", certificate)
            .stored("web-tls", Ok(chain(5, 400)))
    };
    assert_eq!(world(of("web-tls", 5)).named(), ["HLT-172 shop/Certificate/web"]);
    assert_eq!(
        world(of("other-tls", 50)).named(),
        ["HLT-173 shop/Secret/web-tls"],
        "another one"
    );
    assert_eq!(
        world(of("web-tls", 50)).named(),
        ["HLT-173 shop/Secret/web-tls"],
        "cert-manager speaks of one that the Secret does not hold"
    );
}
