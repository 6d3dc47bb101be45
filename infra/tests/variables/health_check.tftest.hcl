# What health-check refuses: each run is one mistake in a deployment that is otherwise good. scripts/infra-test runs it on the variables alone.

variables {
  zone        = "America/New_York"
  package_dir = "tests/fixtures"
  targets     = [{ name = "prod-a", cluster = { name = "prod-a" } }]
  health_check = {
    targets = {
      prod-a = {
        not_checked = ["mesh"]
        installed   = ["keda"]
        ownership   = { namespaces = { "shop-*" = "shop" }, platform = "platform" }
        nodes       = { cordon_minutes = 30 }
      }
    }
  }
}

run "an_unknown_group_is_refused" {
  command = plan
  variables { health_check = { targets = { prod-a = { not_checked = ["pods"] } } } }
  expect_failures = [var.health_check]
}

run "an_unknown_component_is_refused" {
  command = plan
  variables { health_check = { targets = { prod-a = { installed = ["linkerd"] } } } }
  expect_failures = [var.health_check]
}

run "a_schedule_of_triage_is_refused" {
  command = plan
  variables { health_check = { targets = { prod-a = {} }, schedules = { triage = "cron(0 7 * * ? *)" } } }
  expect_failures = [var.health_check]
}

run "a_percentage_above_a_hundred_is_refused" {
  command = plan
  variables { health_check = { targets = { prod-a = { quotas = { used_percent = 101 } } } } }
  expect_failures = [var.health_check]
}

run "a_platform_that_is_not_declared_is_refused" {
  command = plan
  variables { health_check = { targets = { prod-b = {} } } }
  expect_failures = [var.health_check]
}
