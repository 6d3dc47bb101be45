# A function of its own, so that the role of threat-containment cannot open what it closed. Nothing calls it but people.
module "threat_release" {
  source = "./modules/ops-function"
  count  = var.threat_release == null ? 0 : 1

  name         = "threat-release"
  name_prefix  = var.name
  description  = "Undoes the containment of one pod, by approval, as far as nobody has changed it since."
  package      = "${var.package_dir}/threat-release.zip"
  architecture = var.architecture

  memory_mb             = var.threat_release.memory_mb
  timeout_seconds       = var.threat_release.timeout_seconds
  reserved_concurrency  = var.threat_release.reserved_concurrency
  max_event_age_seconds = 900
  environment           = local.settings_environment["threat-release"]

  trigger = file("${path.module}/../functions/threat-release/trigger.json")
  zone    = var.zone

  permissions_file         = "${path.module}/../functions/threat-release/permissions.json"
  permission_values        = local.permission_values["threat-release"]
  permissions_boundary_arn = var.permissions_boundary_arn
  access_entry_clusters    = toset([for target in var.threat_release.targets : local.access_entry_clusters[target] if contains(keys(local.access_entry_clusters), target)])

  operations         = local.operations
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_level          = var.log_level
  log_key_arn        = aws_kms_key.this.arn
  vpc                = var.vpc
  tags               = local.tags
}

locals {
  threat_release = var.threat_release == null ? null : {
    mail     = "always" # an action decides by itself what is worth a mail
    calendar = null
    targets  = tolist(var.threat_release.targets)

    # What threat-containment may close, this may open.
    lists = {
      auto_scaling_group_arns = flatten([for name in var.threat_release.targets : lookup(local.declared_group_arns, name, [])])
      managed_group_arns      = flatten([for name in var.threat_release.targets : lookup(local.managed_group_arns, name, [])])
      managed_clusters        = [for name in var.threat_release.targets : local.targets[name].cluster.name if local.targets[name].role_arn == null]
      session_role_arns       = local.session_role_arns
    }

    settings = {
      safety = { for key, value in var.threat_release.safety : key => value if value != null }
    }
  }
}
