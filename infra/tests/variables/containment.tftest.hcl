# What containment refuses: each run is one mistake in a deployment that is otherwise good. scripts/infra-test runs it on the variables alone.

variables {
  zone        = "America/New_York"
  package_dir = "tests/fixtures"
  targets     = [{ name = "prod-a", cluster = { name = "prod-a", access_entry = false } }]
  evidence = {
    bucket  = "day2-evidence"
    key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
  threat_containment = {
    mode    = "auto"
    targets = { prod-a = {} }
  }
}

run "evidence_must_be_there_where_something_is_captured" {
  command = plan
  variables {
    evidence = null
  }
  expect_failures = [var.threat_containment]
}

run "nothing_is_ended_by_itself_in_mode_approve" {
  command = plan
  variables {
    threat_containment = { mode = "approve", eradicate = "auto", targets = { prod-a = {} } }
  }
  expect_failures = [var.threat_containment]
}

run "a_mode_that_does_not_exist_is_refused" {
  command = plan
  variables {
    threat_containment = { mode = "force", targets = { prod-a = {} } }
  }
  expect_failures = [var.threat_containment]
}

run "an_agent_that_does_not_exist_is_refused" {
  command = plan
  variables {
    threat_containment = { mode = "auto", targets = { prod-a = { policy_agent = "hope" } } }
  }
  expect_failures = [var.threat_containment]
}

run "a_target_without_a_cluster_is_refused" {
  command = plan
  variables {
    targets = [{ name = "prod-a" }]
  }
  expect_failures = [var.threat_containment]
}

run "no_limit_is_switched_off_by_zero" {
  command = plan
  variables {
    threat_containment = { mode = "auto", targets = { prod-a = {} }, breaker = { max_per_hour = 0 } }
  }
  expect_failures = [var.threat_containment]
}

run "sessions_are_denied_of_declared_roles_only" {
  command = plan
  variables {
    threat_containment = { mode = "auto", targets = { prod-a = {} }, sessions = { deny = true } }
  }
  expect_failures = [var.threat_containment]
}

run "a_pattern_of_roles_is_refused" {
  command = plan
  variables {
    threat_containment = { mode = "auto", targets = { prod-a = {} }, sessions = { deny = true, roles = ["arn:aws:iam::123456789012:role/*"] } }
  }
  expect_failures = [var.threat_containment]
}

run "a_protected_account_without_a_namespace_is_refused" {
  command = plan
  variables {
    threat_containment = {
      mode     = "auto", targets = { prod-a = {} }
      sessions = { deny = true, roles = ["arn:aws:iam::123456789012:role/checkout"], protected_service_accounts = ["payments"] }
    }
  }
  expect_failures = [var.threat_containment]
}
