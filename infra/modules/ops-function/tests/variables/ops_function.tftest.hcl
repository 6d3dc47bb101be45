# What the module refuses: each run is one mistake in a function that is otherwise good. scripts/infra-test runs it on the variables alone.

variables {
  name              = "some-check"
  name_prefix       = "day2"
  description       = "Checks something."
  package           = "tests/fixtures/function.zip"
  trigger           = "{\"schedules\":[{\"task\":\"morning\",\"cron\":\"cron(30 6 * * ? *)\"},{\"task\":\"evening\",\"cron\":\"cron(30 18 * * ? *)\"}],\"event_patterns\":[]}"
  targets           = ["prod-a", "prod-b"]
  zone              = "Europe/Berlin"
  permissions_file  = "tests/fixtures/permissions.json"
  permission_values = { cluster_arns = "arn:aws:eks:us-east-1:123456789012:cluster/a\", \"arn:aws:eks:us-east-1:123456789012:cluster/b", optional_arns = "" }
  failure_queue_arn = "arn:aws:sqs:us-east-1:123456789012:day2-failures"
}

run "a_function_without_mistakes_is_accepted" {
  command = plan
}

run "an_alarm_by_its_name_is_refused" {
  command = plan

  variables {
    trigger    = "{\"schedules\":[],\"event_patterns\":[{\"resources\":[\"$${alarm_arns}\"]}]}"
    alarm_arns = ["latency"]
  }

  expect_failures = [var.alarm_arns]
}

run "alarms_without_a_pattern_for_them_are_refused" {
  command = plan

  variables {
    alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:latency"]
  }

  expect_failures = [var.alarm_arns]
}

run "a_fifo_topic_for_alarms_is_refused" {
  command = plan

  variables {
    alarm_topic_arns = ["arn:aws:sns:us-east-1:123456789012:alerts.fifo"]
  }

  expect_failures = [var.alarm_topic_arns]
}

run "a_calling_alarm_by_its_name_is_refused" {
  command = plan

  variables {
    calling_alarm_arns = ["latency"]
  }

  expect_failures = [var.calling_alarm_arns]
}

run "more_calling_alarms_than_a_policy_holds_is_refused" {
  command = plan

  variables {
    calling_alarm_arns = [for n in range(21) : "arn:aws:cloudwatch:us-east-1:123456789012:alarm:${n}"]
  }

  expect_failures = [var.calling_alarm_arns]
}

run "a_name_with_an_underscore_is_refused" {
  command = plan

  variables {
    name = "some_check"
  }

  expect_failures = [var.name]
}

run "an_unknown_architecture_is_refused" {
  command = plan

  variables {
    architecture = "riscv"
  }

  expect_failures = [var.architecture]
}

run "too_little_memory_is_refused" {
  command = plan

  variables {
    memory_mb = 64
  }

  expect_failures = [var.memory_mb]
}

run "a_time_out_above_fifteen_minutes_is_refused" {
  command = plan

  variables {
    timeout_seconds = 901
  }

  expect_failures = [var.timeout_seconds]
}

run "a_function_that_could_never_run_is_refused" {
  command = plan

  variables {
    reserved_concurrency = 0
  }

  expect_failures = [var.reserved_concurrency]
}

run "a_trigger_without_patterns_is_refused" {
  command = plan

  variables {
    trigger = "{\"schedules\":[]}"
  }

  expect_failures = [var.trigger]
}

run "an_override_that_is_no_expression_is_refused" {
  command = plan

  variables {
    schedule_overrides = { morning = "06:30" }
  }

  expect_failures = [var.schedule_overrides]
}

run "an_override_for_an_unknown_task_is_refused" {
  command = plan

  variables {
    schedule_overrides = { noon = "cron(0 12 * * ? *)" }
  }

  expect_failures = [var.schedule_overrides]
}

run "a_target_with_a_slash_is_refused" {
  command = plan

  variables {
    targets = ["prod/a"]
  }

  expect_failures = [var.targets]
}

run "a_third_retry_is_refused" {
  command = plan

  variables {
    max_retries = 3
  }

  expect_failures = [var.max_retries]
}

run "an_event_kept_for_a_day_is_refused" {
  command = plan

  variables {
    max_event_age_seconds = 86400
  }

  expect_failures = [var.max_event_age_seconds]
}

run "a_log_kept_for_ever_is_refused" {
  command = plan

  variables {
    log_retention_days = 0
  }

  expect_failures = [var.log_retention_days]
}

run "an_unknown_log_level_is_refused" {
  command = plan

  variables {
    log_level = "verbose"
  }

  expect_failures = [var.log_level]
}

run "a_log_level_that_keeps_the_metrics_back_is_refused" {
  command = plan

  variables {
    log_level = "WARN"
  }

  expect_failures = [var.log_level]
}

run "a_vpc_without_subnets_is_refused" {
  command = plan

  variables {
    vpc = { subnet_ids = [], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.vpc]
}
