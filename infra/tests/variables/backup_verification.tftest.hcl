# What backup-verification refuses: each run is one mistake in a deployment that is otherwise good. scripts/infra-test runs it on the variables alone.

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
        database   = {}
        copies     = [{ region = "us-west-2" }, { region = "eu-west-1", role_arn = "arn:aws:iam::333333333333:role/copies", through = "aws_backup" }]
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

run "refused_a_mail_policy_that_does_not_exist" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { mail = "never", targets = { prod-a = { database = {}, not_checked = ["copies", "aws_backup", "velero", "dumps", "restore_proof"] } } }
  }
}

run "refused_a_task_that_does_not_exist" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { schedules = { monthly = "cron(0 8 1 * ? *)" }, targets = { prod-a = { database = {}, not_checked = ["copies", "aws_backup", "velero", "dumps", "restore_proof"] } } }
  }
}

run "refused_no_target" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = {} }
  }
}

run "refused_a_target_that_does_not_exist" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-x = { dumps = [{ name = "a", bucket = "b", prefix = "c" }], not_checked = ["database", "copies", "aws_backup", "velero", "restore_proof"] } } }
  }
}

run "refused_a_part_that_does_not_exist" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { database = {}, not_checked = ["copies", "aws_backup", "velero", "dumps", "restore_proof", "tapes"] } } }
  }
}

run "refused_a_part_that_is_neither_declared_nor_left_out" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { database = {}, not_checked = ["copies", "aws_backup", "velero", "dumps"] } } }
  }
}

run "refused_a_part_that_is_both" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { database = {}, not_checked = ["database", "copies", "aws_backup", "velero", "dumps", "restore_proof"] } } }
  }
}

run "refused_a_database_that_the_target_does_not_have" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-d = { database = {}, not_checked = ["copies", "aws_backup", "velero", "dumps", "restore_proof"] } } }
  }
}

run "refused_velero_without_a_cluster" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-c = { velero = {}, not_checked = ["database", "copies", "aws_backup", "dumps", "restore_proof"] } } }
  }
}

run "refused_an_age_of_a_day" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { database = { max_snapshot_age_hours = 24 }, not_checked = ["copies", "aws_backup", "velero", "dumps", "restore_proof"] } } }
  }
}

run "refused_a_window_that_is_none" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { database = { backup_window = "2am" }, not_checked = ["copies", "aws_backup", "velero", "dumps", "restore_proof"] } } }
  }
}

run "refused_copies_through_something_else" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { copies = [{ region = "us-west-2", through = "rsync" }], not_checked = ["database", "aws_backup", "velero", "dumps", "restore_proof"] } } }
  }
}

run "refused_a_look_back_that_aws_backup_has_forgotten" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { aws_backup = { look_back_days = 31 }, not_checked = ["database", "copies", "velero", "dumps", "restore_proof"] } } }
  }
}

run "refused_a_median_of_two" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { velero = { compare_last = 2 }, not_checked = ["database", "copies", "aws_backup", "dumps", "restore_proof"] } } }
  }
}

run "refused_an_empty_dump_that_counts" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { dumps = [{ name = "a", bucket = "b", prefix = "c", min_bytes = 0 }], not_checked = ["database", "copies", "aws_backup", "velero", "restore_proof"] } } }
  }
}

run "refused_two_dumps_of_one_name" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { dumps = [{ name = "a", bucket = "b", prefix = "c" }, { name = "a", bucket = "b", prefix = "d" }], not_checked = ["database", "copies", "aws_backup", "velero", "restore_proof"] } } }
  }
}

run "refused_a_proof_that_can_be_read_nowhere" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { restore_proof = {}, not_checked = ["database", "copies", "aws_backup", "velero", "dumps"] } } }
  }
}

run "refused_a_percentage_above_a_hundred" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { velero = { max_item_drop_percent = 101 }, not_checked = ["database", "copies", "aws_backup", "dumps", "restore_proof"] } } }
  }
}

run "refused_a_day_that_is_none" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = { restore_proof = { declared = { on = "in May", by = "Ada" } }, not_checked = ["database", "copies", "aws_backup", "velero", "dumps"] } } }
  }
}

run "refused_a_role_for_the_jobs_at_home" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = {
      copies      = [{ region = "us-west-2", through = "copy_jobs", role_arn = "arn:aws:iam::333333333333:role/copies" }]
      not_checked = ["database", "aws_backup", "velero", "dumps", "restore_proof"]
    } } }
  }
}

run "refused_an_account_without_the_jobs_at_home" {
  command         = plan
  expect_failures = [var.backup_verification]

  variables {
    backup_verification = { targets = { prod-a = {
      copies      = [{ region = "us-west-2", account_id = "333333333333" }]
      not_checked = ["database", "aws_backup", "velero", "dumps", "restore_proof"]
    } } }
  }
}
