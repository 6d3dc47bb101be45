# What connection-exhaustion refuses: each run is one mistake in a deployment that is otherwise good. scripts/infra-test runs it on the variables alone.

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
    connection_exhaustion = merge(var.connection_exhaustion, { safety = { mode = "manual" } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "an_approval_for_ever_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { safety = { mode = "approve", approval_minutes = 10000 } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_time_out_beyond_the_sweeper_s_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { timeout_seconds = 900 })
  }

  expect_failures = [var.connection_exhaustion]
}

run "no_target_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = {} })
  }

  expect_failures = [var.connection_exhaustion]
}

run "an_unknown_target_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-z = {} } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_queue_for_a_topic_of_alarms_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { alarm_topic_arns = ["arn:aws:sqs:us-east-1:123456789012:alerts"] })
  }

  expect_failures = [var.connection_exhaustion]
}

run "an_alarm_by_its_name_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { alarm_arns = ["connections"] }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "an_alarm_of_another_account_is_refused_e19" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { alarm_arns = ["arn:aws:cloudwatch:us-east-1:222222222222:alarm:c"] }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "an_alarm_of_the_deployment_itself_is_refused_o04" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:day2-errors"] }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "an_alarm_for_two_targets_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = { alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:c"] }, prod-c = { alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:c"] } } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "clients_without_a_cluster_are_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-c = { clients = var.connection_exhaustion.targets.prod-a.clients } } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "two_clients_of_one_name_are_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { clients = [{ name = "a", namespace = "a", deployment = "a", pool_size = 1 }, { name = "a", namespace = "a", deployment = "b", pool_size = 1 }], suspect = null }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_client_without_a_name_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { clients = [{ name = " ", namespace = "a", deployment = "a", pool_size = 1 }], suspect = null }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_pool_of_nothing_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { clients = [{ name = "coder", namespace = "a", deployment = "a", pool_size = 0 }] }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_restart_in_the_cluster_s_own_namespace_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { clients = [{ name = "coder", namespace = "kube-system", deployment = "a", pool_size = 5, may_restart = true }] }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "an_unknown_suspect_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { suspect = "somebody" }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_limit_out_of_range_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { limits = { look_back_minutes = 5 } }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_goal_above_the_limit_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { limits = { act_at_percent = 60 } }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_quarter_of_an_acu_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { acu = { may_raise = true, max_ceiling = 16.25 } }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "more_acu_than_any_engine_has_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { acu = { may_raise = true, max_ceiling = 512 } }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_step_below_half_an_acu_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { acu = { may_raise = true, max_ceiling = 16, max_step = 0.25 } }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "acu_of_an_rds_instance_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-c = { acu = { may_raise = true, max_ceiling = 16 } } } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_made_alarm_named_like_the_deployment_s_own_is_refused_o04" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { create_alarm = { threshold = 100, name = "day2-connections" } }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_made_alarm_of_half_minutes_is_refused" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { create_alarm = { threshold = 100, period_seconds = 30 } }) } })
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_missing_database_is_refused" {
  command = plan

  variables {
    targets              = [merge(var.targets[0], { database = null })]
    provisioning_latency = null
    connection_exhaustion = {
      safety  = { mode = "observe" }
      targets = { prod-a = {} }
    }
  }

  expect_failures = [var.connection_exhaustion]
}

run "a_mail_every_five_minutes_by_mistake_is_refused" {
  command = plan

  variables {
    lease_sweeper = { mail = "sometimes" }
  }

  expect_failures = [var.lease_sweeper]
}

run "a_schedule_for_an_unknown_task_is_refused" {
  command = plan

  variables {
    lease_sweeper = { schedules = { revert = "rate(5 minutes)" } }
  }

  expect_failures = [var.lease_sweeper]
}

run "a_sweeper_that_takes_up_nothing_is_refused" {
  command = plan

  variables {
    lease_sweeper = { max_per_run = 0 }
  }

  expect_failures = [var.lease_sweeper]
}

run "a_sweeper_that_does_not_outlast_an_owner_is_refused" {
  command = plan

  variables {
    lease_sweeper = { timeout_seconds = 300 }
  }

  expect_failures = [var.lease_sweeper]
}
