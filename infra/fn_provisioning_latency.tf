module "provisioning_latency" {
  source = "./modules/ops-function"
  count  = var.provisioning_latency == null ? 0 : 1

  name         = "provisioning-latency"
  name_prefix  = var.name
  description  = "Raises the workspace nodes, within limits and for a time, when provisioning is slow for lack of capacity."
  package      = "${var.package_dir}/provisioning-latency.zip"
  architecture = var.architecture

  memory_mb            = var.provisioning_latency.memory_mb
  timeout_seconds      = var.provisioning_latency.timeout_seconds
  reserved_concurrency = var.provisioning_latency.reserved_concurrency
  environment          = local.settings_environment["provisioning-latency"]

  # An event that is too old to act on is not worth another try.
  max_event_age_seconds = coalesce(var.provisioning_latency.safety.max_event_age_minutes, 15) * 60

  trigger            = file("${path.module}/../functions/provisioning-latency/trigger.json")
  zone               = var.zone
  alarm_arns         = local.provisioning_latency.alarm_arns
  alarm_topic_arns   = local.provisioning_latency.alarm_topic_arns
  calling_alarm_arns = var.provisioning_latency.alarms_may_call ? local.provisioning_latency.alarm_arns : []

  permissions_file         = "${path.module}/../functions/provisioning-latency/permissions.json"
  permission_values        = local.permission_values["provisioning-latency"]
  permissions_boundary_arn = var.permissions_boundary_arn
  access_entry_clusters    = toset([for target in keys(var.provisioning_latency.targets) : local.access_entry_clusters[target] if contains(keys(local.access_entry_clusters), target)])

  operations         = local.operations
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_level          = var.log_level
  log_key_arn        = aws_kms_key.this.arn
  vpc                = var.vpc
  tags               = local.tags
}

locals {
  provisioning_latency_alarms = var.provisioning_latency == null ? {} : {
    for name, plan in var.provisioning_latency.targets : name => merge(plan.create_alarm, {
      name = coalesce(plan.create_alarm.name, "${name}-provisioning-latency")
    }) if plan.create_alarm != null
  }

  # Written out, so that settings and rules can be shown in a plan.
  provisioning_latency_alarm_arns = {
    for name, alarm in local.provisioning_latency_alarms : name => "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${alarm.name}"
  }
}

# It calls the function by the event rule, as every bound alarm does; it needs no action of its own.
resource "aws_cloudwatch_metric_alarm" "provisioning_latency" {
  for_each = local.provisioning_latency_alarms

  alarm_name        = each.value.name
  alarm_description = "Provisioning of ${each.key} is slow: ${each.value.statistic} above ${each.value.threshold}. Calls ${var.name}-provisioning-latency."

  namespace           = each.value.namespace
  metric_name         = each.value.metric_name
  dimensions          = each.value.dimensions
  extended_statistic  = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = each.value.period_seconds
  evaluation_periods  = each.value.evaluation_periods
  datapoints_to_alarm = each.value.datapoints_to_alarm

  # Nobody builds: that is neither slow nor fast, and is shown as INSUFFICIENT_DATA. `breaching` would add nodes at night,
  # `notBreaching` would call a dead metric healthy, `ignore` would stay in ALARM and never call again.
  treat_missing_data = "missing"

  # A percentile over a handful of builds is noise.
  evaluate_low_sample_count_percentiles = "ignore"

  tags = local.tags
}

locals {
  # The Auto Scaling group of each plan; none where another role changes it.
  provisioning_latency_groups = {
    for name, plan in(var.provisioning_latency == null ? {} : var.provisioning_latency.targets) : name => [
      for group in local.targets[name].node_groups :
      "arn:${local.partition}:autoscaling:${local.targets[name].region}:${local.targets[name].account_id}:autoScalingGroup:*:autoScalingGroupName/${group.auto_scaling_group}"
      if group.name == plan.node_group && local.targets[name].role_arn == null
    ]
  }

  provisioning_latency = var.provisioning_latency == null ? null : {
    mail             = "always" # an action decides by itself what is worth a mail
    calendar         = null
    targets          = keys(var.provisioning_latency.targets)
    alarm_topic_arns = var.provisioning_latency.alarm_topic_arns
    alarm_arns = toset(concat(
      flatten([for plan in values(var.provisioning_latency.targets) : plan.alarms[*].arn]),
      values(local.provisioning_latency_alarm_arns),
    ))
    owner = { timeout_seconds = var.provisioning_latency.timeout_seconds }

    # Only the node group of each plan can be changed, and only by whom it may belong to: raised through the API of its
    # owner, taken back through Auto Scaling, and not at all where an autoscaler sets its size.
    lists = {
      auto_scaling_group_arns = flatten([
        for name, plan in var.provisioning_latency.targets : local.provisioning_latency_groups[name]
        if contains(["managed_node_group", "auto_scaling_group"], coalesce(plan.size_owner, "auto_scaling_group"))
      ])
      raised_auto_scaling_group_arns = flatten([
        for name, plan in var.provisioning_latency.targets : local.provisioning_latency_groups[name]
        if coalesce(plan.size_owner, "auto_scaling_group") == "auto_scaling_group"
      ])
      changed_node_group_arns = [
        for name, plan in var.provisioning_latency.targets :
        "arn:${local.partition}:eks:${local.targets[name].region}:${local.targets[name].account_id}:nodegroup/${local.targets[name].cluster.name}/${coalesce(plan.eks_node_group, "*")}/*"
        if local.targets[name].role_arn == null && coalesce(plan.size_owner, "managed_node_group") == "managed_node_group"
      ]
    }

    # What is not set is left out: the function has the default, and the document stays small.
    settings = {
      safety = { for key, value in var.provisioning_latency.safety : key => value if value != null }
      targets = {
        for name, plan in var.provisioning_latency.targets : name => {
          for key, value in merge(plan, {
            create_alarm = null # made here, bound there
            alarms = concat(
              [for alarm in plan.alarms : { for k, v in alarm : k => v if v != null }],
              [for made, arn in local.provisioning_latency_alarm_arns : { arn = arn } if made == name],
            )
            step   = { for k, v in plan.step : k => v if v != null }
            limits = { for k, v in plan.limits : k => v if v != null }
          }) : key => value if value != null
        }
      }
    }
  }
}
