# Values for the placeholders in functions/*/permissions.json. A list stands in the file as ["${names}"], so that the file is
# JSON before and after it is filled; an empty list leaves its statement out (modules/ops-function/iam.tf).

locals {
  permission_lists = {
    for name, function in local.functions : name => merge({
      # Targets behind a role of their own are read with that role.
      cluster_arns = [
        for target in function.targets : "arn:${local.partition}:eks:${local.targets[target].region}:${local.targets[target].account_id}:cluster/${local.targets[target].cluster.name}"
        if local.targets[target].cluster != null && local.targets[target].role_arn == null
      ]
      node_group_arns = [
        for target in function.targets : "arn:${local.partition}:eks:${local.targets[target].region}:${local.targets[target].account_id}:nodegroup/${local.targets[target].cluster.name}/*"
        if local.targets[target].cluster != null && local.targets[target].role_arn == null
      ]
      addon_arns = [
        for target in function.targets : "arn:${local.partition}:eks:${local.targets[target].region}:${local.targets[target].account_id}:addon/${local.targets[target].cluster.name}/*"
        if local.targets[target].cluster != null && local.targets[target].role_arn == null
      ]
      # An account has one detector in each region, under an id of its own.
      detector_arns = [
        for target in function.targets : "arn:${local.partition}:guardduty:${local.targets[target].region}:${local.targets[target].account_id}:detector/*"
        if local.targets[target].role_arn == null
      ]
      database_cluster_arns = [
        for target in function.targets : "arn:${local.partition}:rds:${local.targets[target].region}:${local.targets[target].account_id}:cluster:${local.targets[target].database.id}"
        if try(local.targets[target].database.engine, "") == "aurora" && local.targets[target].role_arn == null
      ]
      # The instances of an Aurora cluster come and go under names of their own.
      database_instance_arns = [
        for target in function.targets : join("", [
          "arn:${local.partition}:rds:${local.targets[target].region}:${local.targets[target].account_id}:db:",
          local.targets[target].database.engine == "aurora" ? "*" : local.targets[target].database.id,
        ])
        if local.targets[target].database != null && local.targets[target].role_arn == null
      ]
      # The read replicas of an instance do so too; who looks at them needs this.
      database_member_arns = [
        for target in function.targets : "arn:${local.partition}:rds:${local.targets[target].region}:${local.targets[target].account_id}:db:*"
        if local.targets[target].database != null && local.targets[target].role_arn == null
      ]
      # Which parameter group or global cluster is in force is read from the database.
      database_parameter_group_arns = flatten([
        for target in function.targets : [
          for kind in ["pg", "cluster-pg"] : "arn:${local.partition}:rds:${local.targets[target].region}:${local.targets[target].account_id}:${kind}:*"
        ] if local.targets[target].database != null && local.targets[target].role_arn == null
      ])
      global_database_arns = [
        for target in function.targets : "arn:${local.partition}:rds::${local.targets[target].account_id}:global-cluster:*"
        if try(local.targets[target].database.engine, "") == "aurora" && local.targets[target].role_arn == null
      ]
      target_role_arns = [for target in function.targets : local.targets[target].role_arn if local.targets[target].role_arn != null]
      topic_arns       = concat([local.topic_arn], [for target in function.targets : local.targets[target].topic_arn if local.targets[target].topic_arn != null])
      topic_key_arns   = concat([aws_kms_key.this.arn], [for target in function.targets : local.targets[target].topic_key_arn if local.targets[target].topic_key_arn != null])
      settings_object_arns = [
        for large in concat(keys(local.settings_large_of_the_rest), ["doctor"]) : "${local.report_bucket_arn}/settings/${name}/*" if large == name
      ]
    }, function.lists)
  }

  permission_values = {
    for name, lists in local.permission_lists : name => merge(
      { for placeholder, arns in lists : placeholder => join("\", \"", distinct(arns)) },
      {
        topic_arn         = local.topic_arn
        report_bucket_arn = local.report_bucket_arn
        journal_table_arn = local.journal_table_arn
        failure_queue_arn = local.failure_queue_arn
      },
    )
  }
}
