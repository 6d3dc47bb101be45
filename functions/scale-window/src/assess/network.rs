//! `SCW-009` and `SCW-010`: NAT gateways per zone, and whether they run out of ports.

use day2_core::{Item, Observed, Verdict};
use jiff::Timestamp;

use super::{population, usable, worse_of};
use crate::settings::Limits;
use day2_reads::metric::Series;
use day2_reads::nat_gateways::NatGateway;
use day2_reads::subnets::Subnet;

/// An available NAT gateway in each expected zone. The zone is that of the gateway's subnet.
pub(crate) fn zones(
    gateways: &Observed<Vec<NatGateway>>,
    subnets: &Observed<Vec<Subnet>>,
    nat_zones: &[String],
) -> Item {
    const CODE: &str = "SCW-009";
    const TITLE: &str = "a NAT gateway is available in each zone";
    let expected = u64::try_from(nat_zones.len()).unwrap_or(u64::MAX);
    let (gateways, subnets) = match (gateways, subnets) {
        (Ok(gateways), Ok(subnets)) => (gateways, subnets),
        (Err(why), _) | (_, Err(why)) => return Item::unreadable(CODE, TITLE, expected, why),
    };
    let stands_in = |gateway: &NatGateway, zone: &str| {
        if gateway.zones.is_empty() {
            subnets
                .iter()
                .any(|subnet| subnet.id == gateway.subnet && subnet.zone == zone)
        } else {
            gateway.zones.iter().any(|one| one == zone)
        }
    };
    let mut missing = Vec::new();
    for zone in nat_zones {
        let here: Vec<_> = gateways
            .iter()
            .filter(|gateway| !gateway.private && stands_in(gateway, zone))
            .collect();
        if here.iter().any(|gateway| gateway.state == "available") {
            continue;
        }
        let says = if here.is_empty() {
            "no NAT gateway in this zone".to_owned()
        } else {
            here.iter()
                .map(|gateway| match &gateway.failure {
                    Some(failure) => format!("{} is {}: {failure}", gateway.id, gateway.state),
                    None => format!("{} is {}", gateway.id, gateway.state),
                })
                .collect::<Vec<_>>()
                .join(", ")
        };
        missing.push((zone.clone(), says));
    }
    let available = gateways
        .iter()
        .filter(|gateway| gateway.state == "available")
        .count();
    // The expectation is per zone and known from settings, so no gateway at all is a failure, not "not seen".
    let verdict = if missing.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    Item::judge(
        CODE,
        TITLE,
        verdict,
        population(nat_zones.len() - missing.len(), expected),
        format!(
            "{} of {} zones have one; {available} of {} gateways are available",
            nat_zones.len() - missing.len(),
            nat_zones.len(),
            gateways.len()
        ),
    )
    .threshold(format!("one in each of {}", nat_zones.join(", ")), "nat_zones")
    .remedy("nodes of that zone have no way out: create the gateway again or route the zone through another one before scaling")
    .subjects(missing)
}

/// `ErrorPortAllocation` must be zero: a gateway that runs out of ports drops new connections.
///
/// Judged are the gateways that are available; a zone without one is the business of [`zones`] and is not counted twice.
pub(crate) fn ports(series: &Observed<Vec<Series>>, limits: &Limits, now: Timestamp) -> Item {
    const CODE: &str = "SCW-010";
    const TITLE: &str = "NAT gateways have ports left";
    let series = match series {
        Ok(series) => series,
        Err(why) => return Item::unreadable(CODE, TITLE, 1, why),
    };
    let (mut wrong, mut silent) = (Vec::new(), Vec::new());
    for one in series {
        match usable(&one.points, now, limits.min_datapoints) {
            Err(reason) => silent.push((one.resource.clone(), reason)),
            Ok(values) => {
                let errors: f64 = values.iter().sum();
                if errors > 0.0 {
                    wrong.push((
                        one.resource.clone(),
                        format!("{errors} connections found no port"),
                    ));
                }
            }
        }
    }
    let judged = series.len() - silent.len();
    let expected = u64::try_from(series.len().max(1)).unwrap_or(u64::MAX);
    let seen = format!(
        "{judged} of {} available gateways have datapoints, {} with errors",
        series.len(),
        wrong.len()
    );
    Item::judge(CODE, TITLE, worse_of(&wrong, &silent), population(judged, expected), seen)
        .threshold(
            "sum of ErrorPortAllocation = 0",
            "AWS/NATGateway ErrorPortAllocation; limits.metric_minutes, limits.min_datapoints",
        )
        .remedy(
            "spread connections over more gateways or addresses, or use VPC endpoints; without datapoints check the metric's \
             dimensions",
        )
        .subjects(wrong)
        .subjects(silent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Vec<String> {
        vec!["us-east-1a".into(), "us-east-1b".into(), "us-east-1c".into()]
    }

    #[expect(clippy::unnecessary_wraps, reason = "in the form in which the facts carry it")]
    fn subnets() -> Observed<Vec<Subnet>> {
        let subnet = |z: &str| {
            let free_addresses = 100;
            Subnet {
                id: format!("subnet-{z}"),
                zone: format!("us-east-1{z}"),
                free_addresses,
            }
        };
        Ok(["a", "b", "c"].map(subnet).into())
    }

    fn gateway(zone: &str, state: &str) -> NatGateway {
        NatGateway {
            id: format!("nat-{zone}"),
            subnet: format!("subnet-{zone}"),
            state: state.into(),
            failure: None,
            private: false,
            zones: Vec::new(),
        }
    }

    fn names(item: &Item) -> Vec<&str> {
        item.subjects
            .iter()
            .map(|subject| subject.name.as_str())
            .collect()
    }

    #[test]
    fn one_available_gateway_in_each_zone_passes() {
        let seen = Ok(vec![
            gateway("a", "available"),
            gateway("b", "available"),
            gateway("c", "available"),
        ]);
        assert_eq!(zones(&seen, &subnets(), &network()).verdict(), Verdict::Pass);
    }

    #[test]
    fn a_failed_gateway_names_its_zone_and_leaves_the_neighbours_alone() {
        let seen = Ok(vec![
            gateway("a", "available"),
            gateway("b", "failed"),
            gateway("c", "available"),
        ]);
        let item = zones(&seen, &subnets(), &network());
        assert_eq!(
            (item.verdict(), names(&item)),
            (Verdict::Fail, vec!["us-east-1b"])
        );
    }

    #[test]
    fn three_gateways_in_one_zone_do_not_stand_in_for_three_zones() {
        let seen = Ok(vec![
            gateway("a", "available"),
            gateway("a", "available"),
            gateway("a", "available"),
        ]);
        assert_eq!(
            names(&zones(&seen, &subnets(), &network())),
            ["us-east-1b", "us-east-1c"]
        );
    }

    #[test]
    fn a_private_gateway_is_no_way_out_and_a_regional_one_serves_its_zones() {
        let private = NatGateway {
            private: true,
            ..gateway("b", "available")
        };
        let seen = Ok(vec![
            gateway("a", "available"),
            private,
            gateway("c", "available"),
        ]);
        assert_eq!(names(&zones(&seen, &subnets(), &network())), ["us-east-1b"]);
        let regional = NatGateway {
            subnet: String::new(),
            zones: network(),
            ..gateway("a", "available")
        };
        assert_eq!(
            zones(&Ok(vec![regional]), &subnets(), &network()).verdict(),
            Verdict::Pass
        );
    }

    #[test]
    fn zero_gateways_fail_w25() {
        let item = zones(&Ok(vec![]), &subnets(), &network());
        assert_eq!((item.verdict(), item.subjects.len()), (Verdict::Fail, 3));
    }

    fn series(resource: &str, values: &[f64]) -> Series {
        let points = values
            .iter()
            .map(|v| ("2026-11-20T11:20:00Z".parse().unwrap(), *v))
            .collect();
        Series {
            resource: resource.into(),
            points,
        }
    }

    #[test]
    fn a_gateway_without_datapoints_is_unknown_and_an_error_is_a_failure_w21() {
        let now = "2026-11-20T11:30:00Z".parse().unwrap();
        let judge = |all: Vec<Series>| ports(&Ok(all), &Limits::default(), now);
        let zero = [0.0, 0.0, 0.0];
        assert_eq!(
            judge(vec![series("a", &zero), series("b", &zero), series("c", &zero)]).verdict(),
            Verdict::Pass
        );
        assert_eq!(
            judge(vec![series("a", &zero), series("b", &[]), series("c", &zero)]).verdict(),
            Verdict::Unknown
        );
        assert_eq!(
            judge(vec![
                series("a", &zero),
                series("b", &[0.0, 7.0, 0.0]),
                series("c", &[])
            ])
            .verdict(),
            Verdict::Fail
        );
        assert_eq!(judge(vec![]).verdict(), Verdict::Unknown);
    }
}
