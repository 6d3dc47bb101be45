//! VPC, subnets and NAT gateways.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{DomainType, ResourceType, Tag, TagSpecification};

use super::plan::{Plan, TARGET, ZONES};

/// The NAT gateway of each zone that has one; the metrics follow it.
pub(super) type Gateways = Arc<Mutex<BTreeMap<String, String>>>;

/// Ids of what was made.
#[derive(Debug, Clone)]
pub(super) struct Network {
    /// The VPC.
    pub vpc: String,
    /// The private subnets, in the order of [`ZONES`].
    pub private: Vec<String>,
    public: BTreeMap<String, String>,
    gateways: Gateways,
}

impl Network {
    /// Makes it all.
    pub(super) async fn make(ec2: &Client, plan: &Plan) -> Result<Self> {
        let vpc = ec2
            .create_vpc()
            .cidr_block("10.0.0.0/16")
            .tag_specifications(named(ResourceType::Vpc, TARGET))
            .send()
            .await
            .context("create the VPC")?;
        let vpc = vpc
            .vpc()
            .and_then(|vpc| vpc.vpc_id())
            .context("no VPC id")?
            .to_owned();
        let (mut private, mut public) = (Vec::new(), BTreeMap::new());
        for (index, zone) in ZONES.into_iter().enumerate() {
            let (public_block, private_block) = plan.subnet_blocks(index);
            public.insert(
                zone.to_owned(),
                subnet(ec2, &vpc, zone, &public_block, "public").await?,
            );
            private.push(subnet(ec2, &vpc, zone, &private_block, "private").await?);
        }
        let network = Self {
            vpc,
            private,
            public,
            gateways: Gateways::default(),
        };
        for zone in ZONES {
            network.make_gateway(ec2, zone).await?;
        }
        Ok(network)
    }

    /// Makes a NAT gateway in a zone.
    pub(super) async fn make_gateway(&self, ec2: &Client, zone: &str) -> Result<()> {
        let subnet = self
            .public
            .get(zone)
            .with_context(|| format!("no public subnet in {zone}"))?;
        let address = ec2
            .allocate_address()
            .domain(DomainType::Vpc)
            .send()
            .await
            .context("an address")?;
        let gateway = ec2
            .create_nat_gateway()
            .subnet_id(subnet)
            .set_allocation_id(address.allocation_id)
            .tag_specifications(named(ResourceType::Natgateway, &format!("{TARGET}-{zone}")))
            .send()
            .await
            .with_context(|| format!("create the NAT gateway of {zone}"))?;
        let id = gateway
            .nat_gateway()
            .and_then(|one| one.nat_gateway_id())
            .context("no gateway id")?;
        self.locked().insert(zone.to_owned(), id.to_owned());
        Ok(())
    }

    /// Deletes the NAT gateway of a zone and gives its id.
    pub(super) async fn delete_gateway(&self, ec2: &Client, zone: &str) -> Result<String> {
        let id = self.locked().get(zone).cloned();
        let id = id.with_context(|| format!("no NAT gateway in {zone}"))?;
        ec2.delete_nat_gateway()
            .nat_gateway_id(&id)
            .send()
            .await
            .with_context(|| format!("delete {id}"))?;
        self.locked().remove(zone);
        Ok(id)
    }

    /// The living gateways, shared with whoever sends their metrics.
    pub(super) fn gateways(&self) -> Gateways {
        Arc::clone(&self.gateways)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.gateways.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn subnet(ec2: &Client, vpc: &str, zone: &str, block: &str, kind: &str) -> Result<String> {
    let made = ec2
        .create_subnet()
        .vpc_id(vpc)
        .availability_zone(zone)
        .cidr_block(block)
        .tag_specifications(named(ResourceType::Subnet, &format!("{TARGET}-{kind}-{zone}")))
        .send()
        .await
        .with_context(|| format!("create the {kind} subnet of {zone}"))?;
    let made = made.subnet().context("no subnet")?;
    ensure!(
        made.availability_zone() == Some(zone),
        "the subnet is in {:?}",
        made.availability_zone()
    );
    Ok(made.subnet_id().context("no subnet id")?.to_owned())
}

fn named(kind: ResourceType, name: &str) -> TagSpecification {
    TagSpecification::builder()
        .resource_type(kind)
        .tags(Tag::builder().key("Name").value(name).build())
        .build()
}
