# What provisioning-latency refuses: each run is one mistake in a deployment that is otherwise good. scripts/infra-test runs it on the variables alone.

variables {
  zone        = "America/New_York"
  package_dir = "tests/fixtures"
  targets = [
    {
      name     = "prod-a"
      cluster  = { name = "prod-a" }
      database = { id = "prod-a" }
      node_groups = [
        { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
        { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
      ]
    },
    {
      name     = "prod-b"
      role_arn = "arn:aws:iam::222222222222:role/day2"
      region   = "eu-west-1"
      cluster  = { name = "prod-b" }
      database = { id = "prod-b" }
      node_groups = [
        { name = "workspace", auto_scaling_group = "prod-b-workspace", selector = { node-group = "workspace" } },
      ]
    },
    {
      name     = "prod-c"
      database = { engine = "rds", id = "prod-c" }
    },
  ]
  provisioning_latency = {
    safety = { mode = "approve", max_steps = 1 }
    targets = {
      prod-a = {
        alarms               = [{ arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-provisioning-p95" }]
        node_group           = "workspace"
        provisioner          = { namespace = "coder", deployment = "coder-provisioner" }
        workspace_namespaces = ["coder-workspaces"]
        step                 = { max_nodes = 10 }
        not_checked          = ["quota"]
      }
    }
  }
  connection_exhaustion = {
    safety = { mode = "observe" }
    targets = {
      prod-a = {
        alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-connections"]
        clients    = [{ name = "coder", namespace = "coder", deployment = "coder", pool_size = 20, may_restart = true }]
        suspect    = "coder"
        acu        = { may_raise = true, max_ceiling = 16.5 }
      }
      prod-c = {
        max_connections = 500
      }
    }
  }
}

run "an_unknown_mode_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { safety = { mode = "dry-run" } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_pause_of_nothing_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { safety = { mode = "auto", cool_down_minutes = 0 } })
  }

  expect_failures = [var.provisioning_latency]
}

run "half_a_step_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { safety = { mode = "auto", max_steps = 1.5 } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_time_out_that_finishes_nothing_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { timeout_seconds = 30 })
  }

  expect_failures = [var.provisioning_latency]
}

run "no_target_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = {} })
  }

  expect_failures = [var.provisioning_latency]
}

run "an_unknown_target_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-z = var.provisioning_latency.targets.prod-a } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_target_without_a_cluster_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-c = var.provisioning_latency.targets.prod-a } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_queue_for_a_topic_of_alarms_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { alarm_topic_arns = ["arn:aws:sqs:us-east-1:123456789012:alerts"] })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_topic_of_another_partition_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { alarm_topic_arns = ["arn:aws-cn:sns:cn-north-1:123456789012:alerts"] })
  }

  expect_failures = [var.provisioning_latency]
}

run "no_alarm_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { alarms = [] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "an_alarm_by_its_name_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { alarms = [{ arn = "p95" }] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "an_alarm_of_another_account_is_refused_e19" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { alarms = [{ arn = "arn:aws:cloudwatch:us-east-1:222222222222:alarm:p95" }] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "an_alarm_of_another_region_is_refused_e19" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { alarms = [{ arn = "arn:aws:cloudwatch:us-west-2:123456789012:alarm:p95" }] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "an_alarm_of_another_partition_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { alarms = [{ arn = "arn:aws-us-gov:cloudwatch:us-east-1:123456789012:alarm:p95" }] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "an_alarm_of_the_deployment_itself_is_refused_o04" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { alarms = [{ arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:day2-errors" }] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "an_alarm_bound_twice_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { alarms = [{ arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a" }, { arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a" }] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "an_unknown_node_group_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { node_group = "spot" }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "an_unknown_owner_of_the_size_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { size_owner = "nobody" }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_managed_node_group_that_karpenter_sizes_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { size_owner = "karpenter", eks_node_group = "workspace-1" }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_node_group_by_its_arn_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { eks_node_group = "arn:aws:eks:us-east-1:123456789012:nodegroup/prod-a/w/1" }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_namespace_with_a_capital_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { workspace_namespaces = ["Workspaces"] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "no_namespace_of_workspaces_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { workspace_namespaces = [] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_deployment_with_a_slash_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { provisioner = { namespace = "coder", deployment = "coder/provisioner" } }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_restart_in_the_cluster_s_own_namespace_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { provisioner = { namespace = "kube-system", deployment = "coredns", may_restart = true } }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_step_of_no_node_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { step = { max_nodes = 0 } }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_step_of_more_than_the_whole_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { step = { percent = 101 } }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_lease_of_a_minute_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { lease_minutes = 1 }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_limit_out_of_range_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { limits = { scale_down_minutes = 1 } }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "an_unknown_part_left_out_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { not_checked = ["quota", "network"] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "silence_about_the_quota_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { not_checked = [] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_quota_declared_and_left_out_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { quota = { code = "L-1216C47A", vcpus_per_node = 8 } }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_quota_by_its_name_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { quota = { code = "On-Demand", vcpus_per_node = 8 }, not_checked = [] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_metric_over_more_than_an_hour_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { alarms = [{ arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a", metric = { namespace = "Coder", name = "P", threshold = 120, period_seconds = 900 } }] }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "an_alarm_made_elsewhere_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-b = merge(var.provisioning_latency.targets.prod-a, { alarms = [], create_alarm = { namespace = "Coder", metric_name = "P", threshold = 120 } }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_made_alarm_without_a_threshold_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { create_alarm = { namespace = "Coder", metric_name = "P", threshold = 0 } }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_made_alarm_on_the_mean_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { create_alarm = { namespace = "Coder", metric_name = "P", threshold = 120, statistic = "Average" } }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "a_made_alarm_named_like_the_deployment_s_own_is_refused_o04" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { create_alarm = { namespace = "Coder", metric_name = "P", threshold = 120, name = "day2-p95" } }) } })
  }

  expect_failures = [var.provisioning_latency]
}

run "more_datapoints_than_periods_is_refused" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { create_alarm = { namespace = "Coder", metric_name = "P", threshold = 120, datapoints_to_alarm = 6 } }) } })
  }

  expect_failures = [var.provisioning_latency]
}
