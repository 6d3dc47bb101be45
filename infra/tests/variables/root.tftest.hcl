# What the shared variables and scale-window refuse: each run is one mistake in a deployment that is otherwise good. scripts/infra-test runs it on the variables alone.

variables {
  zone        = "Europe/Berlin"
  package_dir = "tests/fixtures"
  targets = [{
    name          = "prod-a"
    account_id    = "123456789012"
    region        = "us-east-1"
    role_arn      = null
    topic_arn     = "arn:aws:sns:us-east-1:123456789012:alerts"
    topic_key_arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    cluster       = { name = "prod-a", endpoint = "https://10.0.0.1:6443" }
    database      = { engine = "rds", id = "prod-a" }
    node_groups = [
      { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
      { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
    ]
    vpc_id = "vpc-0123456789abcdef0"
  }]
  calendar = {
    working_days = ["mon", "sat"]
    holidays     = [{ date = "2028-02-29", name = "leap day" }]
    exceptions   = [{ date = "2026-12-26", runs = true, why = "release" }]
  }
  email_subscriptions = ["sre@example.com"]
  scale_window = {
    mail                 = "on_change"
    schedules            = { prescale = "cron(15 6 * * ? *)" }
    reserved_concurrency = 1
    targets = {
      prod-a = {
        control           = { groups = [{ node_group = "control", min_ready = 2 }], workloads = [{ namespace = "coder", deployment = "coder-server" }] }
        groups            = [{ node_group = "workspace", before = 10, peak = 50, after = 10, min = 10, max = 60, min_on_demand_percent = 20, vcpus_per_node = 4 }]
        scheduled_actions = [{ node_group = "workspace", name = "up", at = "06:45", desired = 50 }]
        probes            = [{ name = "app", url = "https://app.example.com", json = [{ pointer = "/healthy", equals = true }] }]
        nat_zones         = ["us-east-1a"]
        alarms            = { prefix = "prod-a-" }
        database          = { max_connections_percent = 70 }
        quotas            = [{ service = "ec2", code = "L-1216C47A", node_groups = ["workspace"] }]
        cost              = { currency = "USD", per_hour = { "m7i.xlarge" = 0.2016 } }
      }
    }
  }
}

run "every_setting_at_once_is_accepted" {
  command = plan
}

run "a_name_with_a_capital_is_refused" {
  command = plan

  variables {
    name = "Day2"
  }

  expect_failures = [var.name]
}

run "a_name_too_long_for_its_resources_is_refused" {
  command = plan

  variables {
    name = "a-name-of-more-than-twenty"
  }

  expect_failures = [var.name]
}

run "an_abbreviated_zone_is_refused" {
  command = plan

  variables {
    zone = "EST"
  }

  expect_failures = [var.zone]
}

run "an_offset_for_a_zone_is_refused" {
  command = plan

  variables {
    zone = "+02:00"
  }

  expect_failures = [var.zone]
}

run "an_unknown_architecture_is_refused" {
  command = plan

  variables {
    architecture = "arm"
  }

  expect_failures = [var.architecture]
}

run "no_target_is_refused" {
  command = plan

  variables {
    targets      = []
    scale_window = null
  }

  expect_failures = [var.targets]
}

run "a_target_name_with_a_blank_is_refused" {
  command = plan

  variables {
    targets      = [merge(var.targets[0], { name = "prod a" })]
    scale_window = null
  }

  expect_failures = [var.targets]
}

run "two_targets_of_one_name_is_refused" {
  command = plan

  variables {
    targets = [var.targets[0], var.targets[0]]
  }

  expect_failures = [var.targets]
}

run "an_account_of_eleven_digits_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { account_id = "12345678901" })]
  }

  expect_failures = [var.targets]
}

run "a_zone_for_a_region_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { region = "us-east-1a" })]
  }

  expect_failures = [var.targets]
}

run "a_user_for_a_role_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { role_arn = "arn:aws:iam::123456789012:user/me" })]
  }

  expect_failures = [var.targets]
}

run "a_queue_for_a_topic_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { topic_arn = "arn:aws:sqs:us-east-1:123456789012:alerts" })]
  }

  expect_failures = [var.targets]
}

run "an_alias_for_a_key_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { topic_key_arn = "arn:aws:kms:us-east-1:123456789012:alias/alerts" })]
  }

  expect_failures = [var.targets]
}

run "a_cluster_by_its_arn_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { cluster = { name = "arn:aws:eks:us-east-1:123456789012:cluster/prod-a" } })]
  }

  expect_failures = [var.targets]
}

run "a_token_sent_without_tls_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { cluster = { name = "prod-a", endpoint = "http://10.0.0.1" } })]
  }

  expect_failures = [var.targets]
}

run "an_unknown_engine_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { database = { engine = "mysql", id = "prod-a" } })]
  }

  expect_failures = [var.targets]
}

run "a_database_by_its_host_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { database = { engine = "rds", id = "prod-a.cluster-x.us-east-1.rds.amazonaws.com" } })]
  }

  expect_failures = [var.targets]
}

run "two_groups_on_one_auto_scaling_group_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { node_groups = [var.targets[0].node_groups[0], merge(var.targets[0].node_groups[1], { auto_scaling_group = "prod-a-control" })] })]
  }

  expect_failures = [var.targets]
}

run "a_selector_that_matches_every_node_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { node_groups = [var.targets[0].node_groups[0], merge(var.targets[0].node_groups[1], { selector = {} })] })]
  }

  expect_failures = [var.targets]
}

run "a_vpc_by_its_name_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { vpc_id = "main" })]
  }

  expect_failures = [var.targets]
}

run "a_day_in_capitals_is_refused" {
  command = plan

  variables {
    calendar = { working_days = ["Mon"] }
  }

  expect_failures = [var.calendar]
}

run "no_working_day_is_refused" {
  command = plan

  variables {
    calendar = { working_days = [] }
  }

  expect_failures = [var.calendar]
}

run "a_working_day_twice_is_refused" {
  command = plan

  variables {
    calendar = { working_days = ["mon", "mon"] }
  }

  expect_failures = [var.calendar]
}

run "a_holiday_that_does_not_exist_is_refused" {
  command = plan

  variables {
    calendar = { holidays = [{ date = "2027-02-29", name = "leap day" }] }
  }

  expect_failures = [var.calendar]
}

run "an_exception_written_the_other_way_is_refused" {
  command = plan

  variables {
    calendar = { exceptions = [{ date = "26.12.2026", runs = true, why = "release" }] }
  }

  expect_failures = [var.calendar]
}

run "two_exceptions_for_one_day_is_refused" {
  command = plan

  variables {
    calendar = { exceptions = [{ date = "2026-12-26", runs = true, why = "a" }, { date = "2026-12-26", runs = false, why = "b" }] }
  }

  expect_failures = [var.calendar]
}

run "a_mail_address_without_a_domain_is_refused" {
  command = plan

  variables {
    email_subscriptions = ["sre"]
  }

  expect_failures = [var.email_subscriptions]
}

run "a_history_of_no_day_is_refused" {
  command = plan

  variables {
    history_days = 0
  }

  expect_failures = [var.history_days]
}

run "a_bucket_with_a_capital_is_refused" {
  command = plan

  variables {
    report_bucket_name = "Reports"
  }

  expect_failures = [var.report_bucket_name]
}

run "reports_kept_for_a_week_is_refused" {
  command = plan

  variables {
    report_retention_days = 7
  }

  expect_failures = [var.report_retention_days]
}

run "a_log_level_that_keeps_the_metrics_back_is_refused" {
  command = plan

  variables {
    log_level = "WARN"
  }

  expect_failures = [var.log_level]
}

run "an_unknown_mail_policy_is_refused" {
  command = plan

  variables {
    scale_window = merge(var.scale_window, { mail = "never" })
  }

  expect_failures = [var.scale_window]
}

run "a_schedule_for_an_unknown_task_is_refused" {
  command = plan

  variables {
    scale_window = merge(var.scale_window, { schedules = { midscale = "cron(0 12 * * ? *)" } })
  }

  expect_failures = [var.scale_window]
}

run "a_plan_for_no_target_is_refused" {
  command = plan

  variables {
    scale_window = merge(var.scale_window, { targets = {} })
  }

  expect_failures = [var.scale_window]
}

run "a_plan_for_an_unknown_target_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-b = var.scale_window.targets.prod-a } }
  }

  expect_failures = [var.scale_window]
}

run "an_unknown_group_in_the_plan_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { groups = [merge(var.scale_window.targets.prod-a.groups[0], { node_group = "workspaces" })] }) } }
  }

  expect_failures = [var.scale_window]
}

run "an_unknown_group_in_a_scheduled_action_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { scheduled_actions = [{ node_group = "spot", at = "06:45", desired = 50 }] }) } }
  }

  expect_failures = [var.scale_window]
}

run "an_unknown_group_in_a_quota_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { quotas = [{ service = "ec2", code = "L-1216C47A", node_groups = ["spot"] }] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_group_planned_twice_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { groups = concat(var.scale_window.targets.prod-a.groups, var.scale_window.targets.prod-a.groups) }) } }
  }

  expect_failures = [var.scale_window]
}

run "no_control_group_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { control = { groups = [] } }) } }
  }

  expect_failures = [var.scale_window]
}

run "no_scaling_group_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { groups = [] }) } }
  }

  expect_failures = [var.scale_window]
}

run "more_before_the_peak_than_at_it_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { groups = [merge(var.scale_window.targets.prod-a.groups[0], { before = 55 })] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_peak_above_the_maximum_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { groups = [merge(var.scale_window.targets.prod-a.groups[0], { peak = 61 })] }) } }
  }

  expect_failures = [var.scale_window]
}

run "an_evening_below_the_minimum_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { groups = [merge(var.scale_window.targets.prod-a.groups[0], { after = 9 })] }) } }
  }

  expect_failures = [var.scale_window]
}

run "half_a_node_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { groups = [merge(var.scale_window.targets.prod-a.groups[0], { peak = 49.5 })] }) } }
  }

  expect_failures = [var.scale_window]
}

run "no_control_node_expected_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { control = { groups = [{ node_group = "control", min_ready = 0 }] } }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_time_that_does_not_exist_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { scheduled_actions = [{ node_group = "workspace", at = "24:00", desired = 50 }] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_time_without_a_leading_zero_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { scheduled_actions = [{ node_group = "workspace", at = "6:45", desired = 50 }] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_probe_without_a_scheme_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { probes = [{ name = "app", url = "app.example.com" }] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_probe_with_a_password_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { probes = [{ name = "app", url = "https://user:secret@app.example.com" }] }) } }
  }

  expect_failures = [var.scale_window]
}

run "two_probes_of_one_name_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { probes = [{ name = "app", url = "https://a.example.com" }, { name = "app", url = "https://b.example.com" }] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_status_that_http_does_not_know_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { probes = [{ name = "app", url = "https://a.example.com", expect_status = 2000 }] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_pointer_without_a_slash_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { probes = [{ name = "app", url = "https://a.example.com", json = [{ pointer = "healthy", equals = true }] }] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_region_for_a_zone_with_a_nat_gateway_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { nat_zones = ["us-east-1"] }) } }
  }

  expect_failures = [var.scale_window]
}

run "more_connections_than_there_are_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { database = { max_connections_percent = 120 } }) } }
  }

  expect_failures = [var.scale_window]
}

run "no_share_of_on_demand_instances_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { groups = [merge(var.scale_window.targets.prod-a.groups[0], { min_on_demand_percent = 0 })] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_quota_by_its_name_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { quotas = [{ service = "ec2", code = "Running On-Demand", node_groups = ["workspace"] }] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_currency_by_its_sign_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { cost = { currency = "€" } }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_price_below_nothing_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { cost = { per_hour = { "m7i.xlarge" = -1 } } }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_role_of_another_account_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { role_arn = "arn:aws:iam::222222222222:role/reader" })]
  }

  expect_failures = [var.targets]
}

run "nat_gateways_in_no_vpc_is_refused" {
  command = plan

  variables {
    targets = [merge(var.targets[0], { vpc_id = null })]
  }

  expect_failures = [var.scale_window]
}

run "two_names_for_one_holiday_is_refused" {
  command = plan

  variables {
    calendar = { holidays = [{ date = "2026-12-25", name = "a" }, { date = "2026-12-25", name = "b" }] }
  }

  expect_failures = [var.calendar]
}

run "an_unknown_part_left_out_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { not_checked = ["cost"] }) } }
  }

  expect_failures = [var.scale_window]
}

run "silence_about_probes_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { probes = [] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_part_declared_and_left_out_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { not_checked = ["quotas"] }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_quota_without_its_vcpus_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { groups = [merge(var.scale_window.targets.prod-a.groups[0], { vcpus_per_node = null })] }) } }
  }

  expect_failures = [var.scale_window]
}

run "more_datapoints_than_minutes_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { limits = { metric_minutes = 5, min_datapoints = 6 } }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_window_of_a_scaling_that_is_no_window_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { limits = { window_minutes = 4 } }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_second_look_that_keeps_a_mail_waiting_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { limits = { second_look_seconds = 301 } }) } }
  }

  expect_failures = [var.scale_window]
}

run "more_days_than_auto_scaling_keeps_are_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { limits = { history_days = 43 } }) } }
  }

  expect_failures = [var.scale_window]
}

run "more_failed_days_than_days_are_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { limits = { history_days = 7, history_failed_days = 8 } }) } }
  }

  expect_failures = [var.scale_window]
}

run "a_limit_that_would_judge_nothing_is_refused" {
  command = plan

  variables {
    scale_window = { targets = { prod-a = merge(var.scale_window.targets.prod-a, { limits = { join_minutes = 0 } }) } }
  }

  expect_failures = [var.scale_window]
}
