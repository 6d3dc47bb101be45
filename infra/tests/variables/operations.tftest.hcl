# What operations refuses: each run is one mistake in a deployment that is otherwise good. scripts/infra-test runs it on the variables alone.

variables {
  zone                = "America/New_York"
  package_dir         = "tests/fixtures"
  email_subscriptions = ["sre@example.com"]
  invocation_trail    = true
  forwarding_roles    = ["arn:aws:iam::222222222222:role/day2-forward-us-east-1", "arn:aws:iam::222222222222:role/day2-forward-eu-west-1"]
  calendar            = { holidays = [{ date = "2026-12-25", name = "Christmas" }] }
  watchdog            = { not_watched = { "scale-window/postscale/prod-b" = "moved in May" } }
  targets = [for name in ["prod-a", "prod-b"] : {
    name     = name
    cluster  = { name = name }
    database = { id = name }
    node_groups = [
      { name = "control", auto_scaling_group = "${name}-control", selector = { node-group = "control" } },
      { name = "workspace", auto_scaling_group = "${name}-workspace", selector = { node-group = "workspace" } },
    ]
  }]
  scale_window = {
    schedules = { prescale = "cron(15 5 * * ? *)" }
    targets = {
      for name in ["prod-a", "prod-b"] : name => {
        control     = { groups = [{ node_group = "control", min_ready = 2 }] }
        groups      = [{ node_group = "workspace", before = 10, peak = 50, after = 10, min = 10, max = 60 }]
        not_checked = ["workloads", "nat", "schedule", "quotas", "probes"]
      }
    }
  }
  connection_exhaustion = {
    safety = { mode = "observe" }
    targets = {
      prod-a = {
        alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-connections"]
        clients    = [{ name = "coder", namespace = "coder", deployment = "coder", pool_size = 20 }]
      }
    }
  }
}

run "mistakes_are_refused_before_anything_is_made" {
  command = plan

  variables {
    watchdog         = { silent_hours = 0, schedules = { peek = "rate(1 hour)" }, not_watched = { "scale-window" = "why not" } }
    operations       = { topic_arn = "day2-alarms", email_subscriptions = ["somebody"] }
    forwarding_roles = ["arn:aws:iam::222222222222:root"]
  }

  expect_failures = [var.watchdog, var.operations, var.forwarding_roles]
}

run "an_alarm_that_rings_between_two_looks_is_refused_o03" {
  command = plan

  variables {
    watchdog = { silent_hours = 11, schedules = { look = "rate(6 hours)" } }
  }

  expect_failures = [var.watchdog]
}

run "two_looks_within_the_silence_are_accepted_o03" {
  command = plan

  variables {
    watchdog = { silent_hours = 12, schedules = { look = "rate(6 hours)" } }
  }
}
