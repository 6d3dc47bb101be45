# What release refuses: each run is one mistake in a deployment that is otherwise good. scripts/infra-test runs it on the variables alone.

variables {
  zone        = "America/New_York"
  package_dir = "tests/fixtures"
  targets = [
    {
      name        = "prod-a"
      cluster     = { name = "prod-a" }
      node_groups = [{ name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } }]
    },
    { name = "prod-b" },
  ]
  threat_release = {
    safety  = { mode = "approve" }
    targets = ["prod-a"]
  }
}

run "a_release_is_never_automatic" {
  command = plan

  variables {
    threat_release = { safety = { mode = "auto" }, targets = ["prod-a"] }
  }

  expect_failures = [var.threat_release]
}

run "a_target_without_a_cluster_is_refused" {
  command = plan

  variables {
    threat_release = { safety = { mode = "approve" }, targets = ["prod-b"] }
  }

  expect_failures = [var.threat_release]
}

run "a_belt_too_tight_for_a_whole_release_is_refused" {
  command = plan

  variables {
    threat_release = { safety = { mode = "approve", max_steps = 8 }, targets = ["prod-a"] }
  }

  expect_failures = [var.threat_release]
}
