//! RDS: an Aurora Serverless v2 cluster with a writer and a reader, and its parameters.

use aws_sdk_rds::Client;
use aws_sdk_rds::types::ServerlessV2ScalingConfiguration;

use crate::emulator::emulator;

#[tokio::test]
async fn an_aurora_cluster_shows_its_capacity_its_members_and_who_writes() {
    let rds = Client::new(&emulator().await.sdk_config());
    let capacity = ServerlessV2ScalingConfiguration::builder()
        .min_capacity(2.0)
        .max_capacity(16.0)
        .build();
    rds.create_db_cluster()
        .db_cluster_identifier("orders")
        .engine("aurora-postgresql")
        .master_username("owner")
        .master_user_password("not-a-secret-1")
        .serverless_v2_scaling_configuration(capacity)
        .send()
        .await
        .unwrap();
    for (name, zone) in [("orders-a", "us-east-1a"), ("orders-b", "us-east-1b")] {
        rds.create_db_instance()
            .db_instance_identifier(name)
            .db_cluster_identifier("orders")
            .engine("aurora-postgresql")
            .db_instance_class("db.serverless")
            .availability_zone(zone)
            .send()
            .await
            .unwrap();
    }

    let seen = rds
        .describe_db_clusters()
        .db_cluster_identifier("orders")
        .send()
        .await
        .unwrap();
    let cluster = &seen.db_clusters()[0];
    assert_eq!(cluster.status(), Some("available"));
    assert_eq!(
        cluster
            .serverless_v2_scaling_configuration()
            .unwrap()
            .max_capacity(),
        Some(16.0)
    );
    let members: Vec<_> = cluster
        .db_cluster_members()
        .iter()
        .map(|one| {
            (
                one.db_instance_identifier().unwrap(),
                one.is_cluster_writer().unwrap(),
            )
        })
        .collect();
    assert_eq!(members, [("orders-a", true), ("orders-b", false)]);

    let seen = rds
        .describe_db_instances()
        .db_instance_identifier("orders-b")
        .send()
        .await
        .unwrap();
    let instance = &seen.db_instances()[0];
    assert_eq!(
        (instance.availability_zone(), instance.db_instance_status()),
        (Some("us-east-1b"), Some("available"))
    );

    // The default groups exist, and max_connections is a formula in them.
    let of_cluster = cluster.db_cluster_parameter_group().unwrap();
    let seen = rds
        .describe_db_cluster_parameters()
        .db_cluster_parameter_group_name(of_cluster)
        .send()
        .await
        .unwrap();
    assert_eq!(
        max_connections(seen.parameters()),
        "LEAST({DBInstanceClassMemory/9531392},5000)"
    );
    let of_instance = instance.db_parameter_groups()[0]
        .db_parameter_group_name()
        .unwrap();
    let seen = rds
        .describe_db_parameters()
        .db_parameter_group_name(of_instance)
        .send()
        .await
        .unwrap();
    assert_eq!(
        max_connections(seen.parameters()),
        "LEAST({DBInstanceClassMemory/9531392},5000)"
    );
}

fn max_connections(parameters: &[aws_sdk_rds::types::Parameter]) -> &str {
    let found = parameters
        .iter()
        .find(|one| one.parameter_name() == Some("max_connections"));
    found.unwrap().parameter_value().unwrap()
}
