module "health_check" {
  source = "./modules/ops-function"
  count  = var.health_check == null ? 0 : 1

  name         = "health-check"
  name_prefix  = var.name
  description  = "Looks at cluster, workloads, storage, alarms, findings, database and endpoints every morning, and in an incident at what changed."
  package      = "${var.package_dir}/health-check.zip"
  architecture = var.architecture

  memory_mb             = var.health_check.memory_mb
  timeout_seconds       = var.health_check.timeout_seconds
  reserved_concurrency  = var.health_check.reserved_concurrency
  max_event_age_seconds = 3600 # a look that comes an hour late is still one of this morning
  environment           = local.settings_environment["health-check"]

  trigger            = file("${path.module}/../functions/health-check/trigger.json")
  schedule_overrides = var.health_check.schedules
  schedules_enabled  = var.schedules_enabled
  zone               = var.zone
  targets            = keys(var.health_check.targets)

  permissions_file         = "${path.module}/../functions/health-check/permissions.json"
  permission_values        = local.permission_values["health-check"]
  permissions_boundary_arn = var.permissions_boundary_arn
  access_entry_clusters    = toset([for target in keys(var.health_check.targets) : local.access_entry_clusters[target] if contains(keys(local.access_entry_clusters), target)])

  operations         = local.operations
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_level          = var.log_level
  log_key_arn        = aws_kms_key.this.arn
  vpc                = var.vpc
  tags               = local.tags
}

locals {
  # One Role in each namespace that holds declared Secrets: get, by name. Terraform makes nothing in clusters, so that who may write
  # there applies them.
  certificate_roles = {
    for target, plan in try(var.health_check.targets, {}) : target => join("---\n", flatten([
      for namespace in sort(distinct(plan.certificates.secrets[*].namespace)) : [
        yamlencode({
          apiVersion = "rbac.authorization.k8s.io/v1"
          kind       = "Role"
          metadata   = { name = "day2:health-check:certificates", namespace = namespace, labels = { "app.kubernetes.io/part-of" = "day2" } }
          rules = [{
            apiGroups     = [""]
            resources     = ["secrets"]
            resourceNames = sort([for secret in plan.certificates.secrets : secret.name if secret.namespace == namespace])
            verbs         = ["get"]
          }]
        }),
        yamlencode({
          apiVersion = "rbac.authorization.k8s.io/v1"
          kind       = "RoleBinding"
          metadata   = { name = "day2:health-check:certificates", namespace = namespace, labels = { "app.kubernetes.io/part-of" = "day2" } }
          roleRef    = { apiGroup = "rbac.authorization.k8s.io", kind = "Role", name = "day2:health-check:certificates" }
          subjects   = [{ apiGroup = "rbac.authorization.k8s.io", kind = "Group", name = module.health_check[0].kubernetes_group }]
        }),
      ]
    ])) if try(length(plan.certificates.secrets), 0) > 0
  }

  health_check = var.health_check == null ? null : {
    mail = var.health_check.mail
    # Clusters break on days of rest too.
    calendar  = { working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], holidays = [], exceptions = [] }
    targets   = keys(var.health_check.targets)
    schedules = var.health_check.schedules
    lists     = {}

    # What is not set is left out: the function has the default, and the document stays small.
    settings = {
      targets = {
        for name, plan in var.health_check.targets : name => {
          for part, value in merge(
            { for part, value in plan : part => try({ for k, v in value : k => v if v != null && v != {} }, value) },
            # Lists stay lists: what is above would make an object of each.
            {
              not_checked = plan.not_checked
              installed   = plan.installed
              probes = [
                for probe in plan.probes : {
                  for k, v in merge(probe, {
                    # Terraform keeps one type for the whole list, text; the function compares JSON values.
                    json = [for assertion in probe.json : { pointer = assertion.pointer, equals = try(jsondecode(assertion.equals), assertion.equals) }]
                  }) : k => v if v != null
                }
              ]
            },
          ) : part => value
          if value != null
        }
      }
    }
  }
}
