# Deployed with the first function that changes something, and not otherwise: without it a temporary change would stay.
module "lease_sweeper" {
  source = "./modules/ops-function"
  count  = local.lease_sweeper == null ? 0 : 1

  name         = "lease-sweeper"
  name_prefix  = var.name
  description  = "Has temporary changes taken back when their time is over, and tells what is still in force."
  package      = "${var.package_dir}/lease-sweeper.zip"
  architecture = var.architecture

  memory_mb             = var.lease_sweeper.memory_mb
  timeout_seconds       = var.lease_sweeper.timeout_seconds
  reserved_concurrency  = var.lease_sweeper.reserved_concurrency
  max_event_age_seconds = 300 # the next run is the better second try
  environment           = local.settings_environment["lease-sweeper"]

  trigger            = file("${path.module}/../functions/lease-sweeper/trigger.json")
  schedule_overrides = var.lease_sweeper.schedules
  schedules_enabled  = var.schedules_enabled
  zone               = var.zone
  targets            = local.lease_sweeper.targets

  permissions_file         = "${path.module}/../functions/lease-sweeper/permissions.json"
  permission_values        = local.permission_values["lease-sweeper"]
  permissions_boundary_arn = var.permissions_boundary_arn

  operations         = local.operations
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_level          = var.log_level
  log_key_arn        = aws_kms_key.this.arn
  vpc                = var.vpc
  tags               = local.tags
}

locals {
  # The functions that change something, with what the sweeper needs to know of them.
  actions = {
    for name, function in { connection-exhaustion = local.connection_exhaustion, provisioning-latency = local.provisioning_latency } : name => function
    if function != null
  }

  lease_sweeper = length(local.actions) == 0 ? null : {
    mail    = var.lease_sweeper.mail
    targets = distinct(flatten(values(local.actions)[*].targets))

    # A change that ends on a Saturday is due on that Saturday.
    calendar = { working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], holidays = [], exceptions = [] }

    schedules     = var.lease_sweeper.schedules
    grace_minutes = ceil((var.lease_sweeper.timeout_seconds + 300) / 60) + 5

    lists = {
      owner_function_arns = [for name in keys(local.actions) : "arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${var.name}-${name}"]
    }

    settings = {
      owners = { for name, function in local.actions : name => function.owner }
      targets = {
        for target in distinct(flatten(values(local.actions)[*].targets)) : target => {
          for key, value in { max_per_run = var.lease_sweeper.max_per_run, overdue_minutes = var.lease_sweeper.overdue_minutes } : key => value
          if value != null
        }
      }
    }
  }
}
