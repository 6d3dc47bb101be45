module "scale_window" {
  source = "./modules/ops-function"
  count  = var.scale_window == null ? 0 : 1

  name         = "scale-window"
  name_prefix  = var.name
  description  = "Checks before, at and after the daily peak that the platform has the capacity it should have."
  package      = "${var.package_dir}/scale-window.zip"
  architecture = var.architecture

  memory_mb             = var.scale_window.memory_mb
  timeout_seconds       = var.scale_window.timeout_seconds
  reserved_concurrency  = var.scale_window.reserved_concurrency
  max_event_age_seconds = 1500 # a check of 06:30 that runs after the scale-up at 07:00 would judge another hour
  environment           = local.settings_environment["scale-window"]

  trigger            = file("${path.module}/../functions/scale-window/trigger.json")
  schedule_overrides = var.scale_window.schedules
  schedules_enabled  = var.schedules_enabled
  zone               = var.zone
  targets            = keys(var.scale_window.targets)

  permissions_file         = "${path.module}/../functions/scale-window/permissions.json"
  permission_values        = local.permission_values["scale-window"]
  permissions_boundary_arn = var.permissions_boundary_arn
  access_entry_clusters    = toset([for target in keys(var.scale_window.targets) : local.access_entry_clusters[target] if contains(keys(local.access_entry_clusters), target)])

  operations         = local.operations
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_level          = var.log_level
  log_key_arn        = aws_kms_key.this.arn
  vpc                = var.vpc
  tags               = local.tags
}

locals {
  scale_window = var.scale_window == null ? null : {
    mail     = var.scale_window.mail
    calendar = null
    targets  = keys(var.scale_window.targets)
    lists = {
      # Parameters that AWS publishes, for example the images of EKS, have no account in their ARN.
      public_parameter_arns = [
        for name in keys(var.scale_window.targets) : "arn:${local.partition}:ssm:${local.targets[name].region}::parameter/aws/service/*"
        if local.targets[name].role_arn == null
      ]
    }

    schedules     = var.scale_window.schedules
    grace_minutes = ceil((var.scale_window.timeout_seconds + 1500) / 60) + 5

    # What is not set is left out: the function has the default, and the document stays small.
    settings = {
      targets = {
        for name, plan in var.scale_window.targets : name => {
          for key, value in merge(plan, {
            groups            = [for group in plan.groups : { for k, v in group : k => v if v != null }]
            scheduled_actions = [for action in plan.scheduled_actions : { for k, v in action : k => v if v != null }]
            database          = { for k, v in plan.database : k => v if v != null }
            limits            = { for k, v in plan.limits : k => v if v != null }
            probes = [
              for probe in plan.probes : {
                for k, v in merge(probe, {
                  # Terraform keeps one type for the whole list, text; the function compares JSON values.
                  json = [for assertion in probe.json : { pointer = assertion.pointer, equals = try(jsondecode(assertion.equals), assertion.equals) }]
                }) : k => v if v != null
              }
            ]
          }) : key => value if value != null
        }
      }
    }
  }
}
