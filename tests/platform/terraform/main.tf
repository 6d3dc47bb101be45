# Deploys infra/ to the local platform: the same root that users apply, called as a module, with every API at one emulator.

terraform {
  required_version = ">= 1.11"

  # Several platforms run side by side: each keeps its state where it wants, by `init -backend-config=path=…`.
  backend "local" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100" # what the tests run on; infra/ itself allows newer ones
    }
  }
}

# A service that is left out of `endpoints` would be looked for in real AWS.
provider "aws" {
  region     = var.region
  access_key = "test"
  secret_key = "test"

  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  skip_region_validation      = true
  s3_use_path_style           = true
  max_retries                 = 2 # a server error of the emulator is a mistake to show, not to wait for

  endpoints {
    cloudwatch  = var.endpoint
    dynamodb    = var.endpoint
    ec2         = var.endpoint
    eks         = var.endpoint
    eventbridge = var.endpoint
    iam         = var.endpoint
    kms         = var.endpoint
    lambda      = var.endpoint
    logs        = var.endpoint
    s3          = var.endpoint
    scheduler   = var.endpoint
    sns         = var.endpoint
    sqs         = var.endpoint
    sts         = var.endpoint
  }
}

module "day2" {
  source = "../../../infra"

  name                        = var.name
  zone                        = var.zone
  package_dir                 = var.package_dir
  architecture                = var.architecture
  targets                     = var.targets
  calendar                    = var.calendar
  email_subscriptions         = var.email_subscriptions
  history_days                = var.history_days
  schedules_enabled           = var.schedules_enabled
  report_retention_days       = var.report_retention_days
  reports_force_destroy       = var.reports_force_destroy
  journal_deletion_protection = var.journal_deletion_protection
  log_level                   = var.log_level
  scale_window                = var.scale_window
  provisioning_latency        = var.provisioning_latency
  connection_exhaustion       = var.connection_exhaustion
  lease_sweeper               = var.lease_sweeper
  evidence                    = var.evidence
  evidence_audit              = var.evidence_audit
  watchdog                    = var.watchdog
  operations                  = var.operations
  threat_containment          = var.threat_containment
  threat_release              = var.threat_release
  health_check                = var.health_check
  backup_verification         = var.backup_verification
  ha_status                   = var.ha_status
  doctor                      = var.doctor
}
