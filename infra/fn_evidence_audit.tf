module "evidence_audit" {
  source = "./modules/ops-function"
  count  = var.evidence_audit == null ? 0 : 1

  name         = "evidence-audit"
  name_prefix  = var.name
  description  = "Proves that the evidence of every capture is still what was saved: chain, hashes, versions, retention."
  package      = "${var.package_dir}/evidence-audit.zip"
  architecture = var.architecture

  memory_mb             = var.evidence_audit.memory_mb
  timeout_seconds       = var.evidence_audit.timeout_seconds
  reserved_concurrency  = var.evidence_audit.reserved_concurrency
  max_event_age_seconds = 21600
  environment           = local.settings_environment["evidence-audit"]

  trigger            = file("${path.module}/../functions/evidence-audit/trigger.json")
  schedule_overrides = var.evidence_audit.schedules
  schedules_enabled  = var.schedules_enabled
  zone               = var.zone
  targets            = keys(var.evidence_audit.targets)

  permissions_file         = "${path.module}/../functions/evidence-audit/permissions.json"
  permission_values        = local.permission_values["evidence-audit"]
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
  evidence_bucket_arn = var.evidence == null ? null : "arn:${local.partition}:s3:::${var.evidence.bucket}"

  evidence_audit = var.evidence_audit == null ? null : {
    mail      = var.evidence_audit.mail
    schedules = var.evidence_audit.schedules
    targets   = keys(var.evidence_audit.targets)

    # Evidence has no day off.
    calendar = { working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], holidays = [], exceptions = [] }

    lists = {
      evidence_bucket_arns = var.evidence == null ? [] : [local.evidence_bucket_arn]
      evidence_object_arns = var.evidence == null ? [] : ["${local.evidence_bucket_arn}/evidence/*"]
      evidence_key_arns    = var.evidence == null ? [] : [var.evidence.key_arn]
    }

    settings = {
      evidence = var.evidence
      targets  = { for name, audit in var.evidence_audit.targets : name => { for key, value in audit : key => value if value != null } }
    }
  }
}
