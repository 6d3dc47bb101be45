module "connection_exhaustion" {
  source = "./modules/ops-function"
  count  = var.connection_exhaustion == null ? 0 : 1

  name         = "connection-exhaustion"
  name_prefix  = var.name
  description  = "Acts when a database runs out of connections: restarts the one leaking client or raises the maximum ACU, within limits."
  package      = "${var.package_dir}/connection-exhaustion.zip"
  architecture = var.architecture

  memory_mb            = var.connection_exhaustion.memory_mb
  timeout_seconds      = var.connection_exhaustion.timeout_seconds
  reserved_concurrency = var.connection_exhaustion.reserved_concurrency
  environment          = local.settings_environment["connection-exhaustion"]

  # An event that is too old to act on is not worth another try.
  max_event_age_seconds = coalesce(var.connection_exhaustion.safety.max_event_age_minutes, 15) * 60

  trigger            = file("${path.module}/../functions/connection-exhaustion/trigger.json")
  zone               = var.zone
  alarm_arns         = local.connection_exhaustion.alarm_arns
  alarm_topic_arns   = local.connection_exhaustion.alarm_topic_arns
  calling_alarm_arns = var.connection_exhaustion.alarms_may_call ? local.connection_exhaustion.alarm_arns : []

  permissions_file         = "${path.module}/../functions/connection-exhaustion/permissions.json"
  permission_values        = local.permission_values["connection-exhaustion"]
  permissions_boundary_arn = var.permissions_boundary_arn
  access_entry_clusters    = toset([for target in keys(var.connection_exhaustion.targets) : local.access_entry_clusters[target] if contains(keys(local.access_entry_clusters), target)])

  operations         = local.operations
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_level          = var.log_level
  log_key_arn        = aws_kms_key.this.arn
  vpc                = var.vpc
  tags               = local.tags
}

locals {
  connection_exhaustion_alarms = var.connection_exhaustion == null ? {} : {
    for name, plan in var.connection_exhaustion.targets : name => merge(plan.create_alarm, {
      name = coalesce(plan.create_alarm.name, "${name}-connection-exhaustion")
    }) if plan.create_alarm != null
  }

  # Written out, so that settings and rules can be shown in a plan.
  connection_exhaustion_alarm_arns = {
    for name, alarm in local.connection_exhaustion_alarms : name => "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${alarm.name}"
  }
}

# It calls the function by the event rule, as every bound alarm does; it needs no action of its own.
resource "aws_cloudwatch_metric_alarm" "connection_exhaustion" {
  for_each = local.connection_exhaustion_alarms

  alarm_name        = each.value.name
  alarm_description = "An instance of ${local.targets[each.key].database.id} has more than ${each.value.threshold} connections. Calls ${var.name}-connection-exhaustion."

  namespace   = "AWS/RDS"
  metric_name = "DatabaseConnections"
  dimensions = local.targets[each.key].database.engine == "aurora" ? {
    DBClusterIdentifier = local.targets[each.key].database.id
    } : {
    DBInstanceIdentifier = local.targets[each.key].database.id
  }
  statistic           = "Maximum" # each instance sends its own number: the fullest one counts, never the sum
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = each.value.period_seconds
  evaluation_periods  = each.value.evaluation_periods
  datapoints_to_alarm = each.value.datapoints_to_alarm

  # A running database sends this every minute. Silence is a database that is down or unseen, shown as INSUFFICIENT_DATA:
  # more connections or a restarted client would not help it.
  treat_missing_data = "missing"

  tags = local.tags
}

locals {
  connection_exhaustion = var.connection_exhaustion == null ? null : {
    mail             = "always" # an action decides by itself what is worth a mail
    calendar         = null
    targets          = keys(var.connection_exhaustion.targets)
    alarm_topic_arns = var.connection_exhaustion.alarm_topic_arns
    alarm_arns = toset(concat(
      flatten([for plan in values(var.connection_exhaustion.targets) : plan.alarm_arns]),
      values(local.connection_exhaustion_alarm_arns),
    ))
    owner = { timeout_seconds = var.connection_exhaustion.timeout_seconds }

    # Only a cluster whose budget is declared can be changed, also when it may not be raised any more: raises that are still
    # in force are taken back with the same right.
    lists = {
      changed_database_cluster_arns = [
        for name, plan in var.connection_exhaustion.targets :
        "arn:${local.partition}:rds:${local.targets[name].region}:${local.targets[name].account_id}:cluster:${local.targets[name].database.id}"
        if local.targets[name].role_arn == null && plan.acu != null
      ]
    }

    # What is not set is left out: the function has the default, and the document stays small.
    settings = {
      safety = { for key, value in var.connection_exhaustion.safety : key => value if value != null }
      targets = {
        for name, plan in var.connection_exhaustion.targets : name => {
          for key, value in merge(plan, {
            create_alarm = null # made here, bound there
            alarm_arns   = concat(plan.alarm_arns, [for made, arn in local.connection_exhaustion_alarm_arns : arn if made == name])
            limits       = { for k, v in plan.limits : k => v if v != null }
            leak         = { for k, v in plan.leak : k => v if v != null }
            acu          = plan.acu == null ? null : { for k, v in plan.acu : k => v if v != null }
          }) : key => value if value != null
        }
      }
    }
  }
}
