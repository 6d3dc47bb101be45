# What evidence refuses: each run is one mistake in a deployment that is otherwise good. scripts/infra-test runs it on the variables alone.

variables {
  zone        = "America/New_York"
  package_dir = "tests/fixtures"
  targets     = [{ name = "prod-a" }, { name = "prod-b" }]
  evidence = {
    bucket  = "day2-evidence"
    key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
  evidence_audit = {
    targets = { prod-a = {}, prod-b = { lock_mode = "compliance", max_mebibytes = 512 } }
  }
}

run "an_audit_without_a_bucket_is_refused" {
  command = plan

  variables {
    evidence = null
  }

  expect_failures = [var.evidence_audit]
}

run "mistakes_in_the_place_of_the_evidence_are_refused" {
  command = plan

  variables {
    evidence       = { bucket = "arn:aws:s3:::day2-evidence", key_arn = "arn:aws:kms:us-east-1:123456789012:alias/day2-evidence" }
    evidence_audit = null
  }

  expect_failures = [var.evidence]
}

run "mistakes_in_the_audit_are_refused" {
  command = plan

  variables {
    evidence_audit = {
      mail      = "never"
      schedules = { sweep = "rate(1 day)" }
      targets   = { prod-c = { lock_mode = "legal", recent_days = 0 } }
    }
  }

  expect_failures = [var.evidence_audit]
}
