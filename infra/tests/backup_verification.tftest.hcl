# backup-verification: what its policy and settings say, and that each validation refuses one mistake in a deployment that is otherwise good.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API" }] } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:mock" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" } }
}

variables {
  zone        = "America/New_York"
  package_dir = "tests/fixtures"
  targets = [
    { name = "prod-a", cluster = { name = "prod-a" }, database = { id = "prod-a" } },
    { name = "prod-b", role_arn = "arn:aws:iam::222222222222:role/day2", cluster = { name = "prod-b" }, database = { id = "prod-b" } },
    { name = "prod-c", database = { engine = "rds", id = "prod-c" } },
    { name = "prod-d", cluster = { name = "prod-d" } },
  ]
  backup_verification = {
    targets = {
      prod-a = {
        database = {}
        copies = [
          { region = "us-west-2" },
          { region = "eu-west-1", role_arn = "arn:aws:iam::333333333333:role/copies", through = "aws_backup" },
          { region = "eu-central-1", account_id = "444444444444", through = "copy_jobs" },
        ]
        aws_backup = { copy_jobs = true }
        velero     = { exclude_namespaces = ["kube-*"] }
        dumps      = [{ name = "pg", bucket = "prod-a-dumps", prefix = "pg/" }]
        restore_proof = {
          record = { bucket = "drills", key = "prod-a.json" }
        }
      }
      prod-b = {
        database      = {}
        restore_proof = { declared = { on = "2026-10-01", by = "Ada" } }
        not_checked   = ["copies", "aws_backup", "velero", "dumps"]
      }
      prod-c = {
        database    = { min_retention_days = 14 }
        not_checked = ["copies", "aws_backup", "velero", "dumps", "restore_proof"]
      }
    }
  }
}

run "the_policy_names_the_databases_of_the_plan_and_their_places" {
  command = plan

  assert {
    condition = one([for s in jsondecode(module.backup_verification[0].permissions).Statement : s.Resource if s.Sid == "ReadSnapshots"]) == [
      "arn:aws:rds:us-east-1:123456789012:cluster:prod-a",
      "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:*",
      "arn:aws:rds:us-west-2:123456789012:cluster:*",
      "arn:aws:rds:us-west-2:123456789012:cluster-snapshot:*",
      "arn:aws:rds:us-east-1:123456789012:db:prod-c",
      "arn:aws:rds:us-east-1:123456789012:snapshot:*",
    ]
    error_message = "snapshots are read at home by database, elsewhere by region, and behind a role with that role"
  }

  assert {
    condition = one([for s in jsondecode(module.backup_verification[0].permissions).Statement : s.Resource if s.Sid == "ReadTheStateOfKeys"]) == [
      "arn:aws:kms:us-east-1:123456789012:key/*",
      "arn:aws:kms:us-west-2:123456789012:key/*",
    ]
    error_message = "keys are described where snapshots lie, and where copies are known by jobs at home nothing is read"
  }

  assert {
    condition = one([for s in jsondecode(module.backup_verification[0].permissions).Statement : s.Resource if s.Sid == "AssumeTheRolesOfTargets"]) == [
      "arn:aws:iam::333333333333:role/copies",
      "arn:aws:iam::222222222222:role/day2",
    ]
    error_message = "the roles of the target and of the copies"
  }

  assert {
    condition = (
      one([for s in jsondecode(module.backup_verification[0].permissions).Statement : s.Resource if s.Sid == "ListDumps"]) == ["arn:aws:s3:::prod-a-dumps"] &&
      one([for s in jsondecode(module.backup_verification[0].permissions).Statement : s.Resource if s.Sid == "ReadDrillRecords"]) == ["arn:aws:s3:::drills/prod-a.json"] &&
      one([for s in jsondecode(module.backup_verification[0].permissions).Statement : s.Resource if s.Sid == "FindClusters"]) == ["arn:aws:eks:us-east-1:123456789012:cluster/prod-a"]
    )
    error_message = "only the named bucket, record and cluster"
  }

  assert {
    condition     = !strcontains(module.backup_verification[0].permissions, "$${")
    error_message = "a placeholder was left"
  }
}

run "settings_keep_what_is_set_and_leave_out_the_rest" {
  command = plan

  assert {
    condition     = !strcontains(output.settings["backup-verification"], "null")
    error_message = "what is not set must be left out"
  }

  assert {
    condition     = jsondecode(output.settings["backup-verification"]).function.targets.prod-c.database.min_retention_days == 14
    error_message = "a limit got lost"
  }

  assert {
    condition     = length(jsondecode(output.settings["backup-verification"]).calendar.working_days) == 7
    error_message = "backups are made on Sundays too"
  }

  assert {
    condition     = jsondecode(output.settings["backup-verification"]).deployment.mail == "on_change"
    error_message = "it mails on change"
  }
}

run "a_plan_without_the_feature_grants_nothing_for_it" {
  command = plan

  variables {
    backup_verification = {
      targets = {
        prod-d = {
          velero      = {}
          not_checked = ["database", "copies", "aws_backup", "dumps", "restore_proof"]
        }
      }
    }
  }

  assert {
    condition     = !strcontains(module.backup_verification[0].permissions, "rds:") && !strcontains(module.backup_verification[0].permissions, "backup:List") && !strcontains(module.backup_verification[0].permissions, "kms:")
    error_message = "Velero alone needs no right on databases, keys or AWS Backup"
  }
}
