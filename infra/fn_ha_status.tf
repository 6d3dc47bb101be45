module "ha_status" {
  source = "./modules/ops-function"
  count  = var.ha_status == null ? 0 : 1

  name         = "ha-status"
  name_prefix  = var.name
  description  = "Probes two clusters of which either may serve, and mails when what serves changes."
  package      = "${var.package_dir}/ha-status.zip"
  architecture = var.architecture

  memory_mb             = var.ha_status.memory_mb
  timeout_seconds       = var.ha_status.timeout_seconds
  reserved_concurrency  = var.ha_status.reserved_concurrency
  max_event_age_seconds = 300 # the next probe is the better second try
  environment           = local.settings_environment["ha-status"]

  trigger            = file("${path.module}/../functions/ha-status/trigger.json")
  schedule_overrides = var.ha_status.schedules
  schedules_enabled  = var.schedules_enabled
  zone               = var.zone
  targets            = keys(var.ha_status.pairs)

  permissions_file         = "${path.module}/../functions/ha-status/permissions.json"
  permission_values        = local.permission_values["ha-status"]
  permissions_boundary_arn = var.permissions_boundary_arn
  access_entry_clusters    = toset([for side in values(local.ha_status_sides) : local.access_entry_clusters[side.target] if contains(keys(local.access_entry_clusters), side.target)])

  operations         = local.operations
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_level          = var.log_level
  log_key_arn        = aws_kms_key.this.arn
  vpc                = var.vpc
  tags               = local.tags
}

locals {
  # "<pair>/<primary or secondary>" → the side.
  ha_status_sides = var.ha_status == null ? {} : merge([
    for name, pair in var.ha_status.pairs : {
      for side in ["primary", "secondary"] : "${name}/${side}" => pair[side] if contains(keys(local.platforms), pair[side].target)
    }
  ]...)

  # The sides that are read with the function's own role.
  ha_status_own = { for key, side in local.ha_status_sides : key => side if local.platforms[side.target].role_arn == null }

  ha_status = var.ha_status == null ? null : {
    mail      = var.ha_status.mail
    targets   = keys(var.ha_status.pairs)
    schedules = var.ha_status.schedules

    # A side fails on a Saturday as well.
    calendar = { working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], holidays = [], exceptions = [] }

    lists = {
      cluster_arns = [
        for side in values(local.ha_status_own) : "arn:${local.partition}:eks:${local.platforms[side.target].region}:${local.platforms[side.target].account_id}:cluster/${local.platforms[side.target].cluster.name}"
        if local.platforms[side.target].cluster != null
      ]
      # Neither the reads of Auto Scaling nor those of metrics have a resource type.
      scaling_groups   = anytrue([for side in values(local.ha_status_own) : length(side.groups) > 0]) ? ["*"] : []
      queues           = anytrue([for side in values(local.ha_status_own) : side.queue != null]) ? ["*"] : []
      target_role_arns = [for side in values(local.ha_status_sides) : local.platforms[side.target].role_arn if local.platforms[side.target].role_arn != null]
    }

    # What is not set is left out: the function has the default, and the document stays small.
    settings = {
      targets = {
        for name, pair in var.ha_status.pairs : name => merge(
          {
            for key, value in merge(pair, { capacity = { for k, v in pair.capacity : k => v if v != null } }) : key => value
            if value != null && !contains(["primary", "secondary", "topic_arn", "topic_key_arn"], key)
          },
          {
            for side in ["primary", "secondary"] : side => merge(
              { for key, value in pair[side] : key => value if value != null && key != "target" },
              { platform = local.settings_targets[pair[side].target] },
            ) if contains(keys(local.platforms), pair[side].target)
          },
        )
      }
    }
  }
}
