# What ha-status refuses: each run is one mistake in a deployment that is otherwise good. scripts/infra-test runs it on the variables alone.

variables {
  zone        = "America/New_York"
  package_dir = "tests/fixtures"
  targets = [
    { name = "east", cluster = { name = "prod-east" } },
    { name = "west", cluster = { name = "prod-west" }, region = "us-west-2" },
    { name = "far", cluster = { name = "far" }, role_arn = "arn:aws:iam::222222222222:role/day2" },
    { name = "bare" },
  ]
  ha_status = {
    pairs = {
      prod = {
        primary   = { target = "east", min_ready_nodes = 3, groups = ["east-workers"] }
        secondary = { target = "west", min_ready_nodes = 3, queue = { namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = "west" }, max_depth = 100 } }
        topic_arn = "arn:aws:sns:us-east-1:123456789012:ha"
      }
      global = {
        primary     = { target = "east", min_ready_nodes = 3 }
        secondary   = { target = "far", min_ready_nodes = 1 }
        not_checked = ["groups", "queue"]
      }
    }
  }
}

run "refused_a_mail_policy_that_does_not_exist" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { mail = "never", pairs = { prod = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"] } } }
  }
}

run "refused_a_task_that_does_not_exist" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { schedules = { look = "rate(1 minute)" }, pairs = { prod = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"] } } }
  }
}

run "refused_no_pair" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = {} }
  }
}

run "refused_a_pair_that_is_called_like_a_target" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { east = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"] } } }
  }
}

run "refused_a_side_that_does_not_exist" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { prod = { primary = { target = "nord", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"] } } }
  }
}

run "refused_a_side_without_a_cluster" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { prod = { primary = { target = "bare", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"] } } }
  }
}

run "refused_one_platform_on_both_sides" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { prod = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "east", min_ready_nodes = 3 }, not_checked = ["groups", "queue"] } } }
  }
}

run "refused_a_side_that_serves_with_more_nodes_than_it_has" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { prod = { primary = { target = "east", min_ready_nodes = 3, min_serving_nodes = 4 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"] } } }
  }
}

run "refused_switched_off_without_a_reason" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { prod = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"], disabled = " " } } }
  }
}

run "refused_a_detection_by_no_probe" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { prod = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"], detection = { failed_probes = 0 } } } }
  }
}

run "refused_a_side_that_is_made_at_once" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { prod = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"], provisioning_minutes = 0 } } }
  }
}

run "refused_a_percentage_above_a_hundred" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { prod = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"], capacity = { max_requested_percent = 120 } } } }
  }
}

run "refused_a_peak_of_nothing" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { prod = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"], capacity = { peak = { cpu_cores = 0, memory_gib = 0, pods = 0 } } } } }
  }
}

run "refused_a_part_that_is_neither_declared_nor_left_out" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { prod = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["queue"] } } }
  }
}

run "refused_a_part_that_does_not_exist" {
  command         = plan
  expect_failures = [var.ha_status]

  variables {
    ha_status = { pairs = { prod = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue", "users"] } } }
  }
}
