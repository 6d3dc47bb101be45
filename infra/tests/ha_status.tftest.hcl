# ha-status: what its policy and settings say, and that each validation refuses one mistake in a deployment that is otherwise good.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API" }] } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:mock" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" } }
}

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

run "a_pair_is_a_target_of_its_own_with_both_platforms_inside" {
  command = plan

  assert {
    condition     = toset(jsondecode(output.settings["ha-status"]).targets[*].name) == toset(["global", "prod"])
    error_message = "the targets are the pairs"
  }

  assert {
    condition     = [for t in jsondecode(output.settings["ha-status"]).targets : t.topic_arn if t.name == "prod"] == ["arn:aws:sns:us-east-1:123456789012:ha"]
    error_message = "a pair has a topic of its own"
  }

  assert {
    condition     = contains(output.alarms, "day2-undelivered-ha")
    error_message = "O02: what the topic of a pair could not deliver must ring"
  }

  assert {
    condition     = jsondecode(output.settings["ha-status"]).function.targets.prod.secondary.platform == { name = "west", account_id = "123456789012", region = "us-west-2", cluster = { name = "prod-west" }, node_groups = [] }
    error_message = "a side carries its platform"
  }

  assert {
    condition     = jsondecode(output.settings["ha-status"]).function.targets.global.secondary.platform.role_arn == "arn:aws:iam::222222222222:role/day2"
    error_message = "a side behind a role carries it"
  }

  assert {
    condition     = !strcontains(output.settings["ha-status"], "null") && length(jsondecode(output.settings["ha-status"]).calendar.working_days) == 7
    error_message = "what is not set must be left out, and a side fails on Saturdays too"
  }

  assert {
    condition     = toset(keys(module.ha_status[0].schedules)) == toset(["probe-global", "probe-prod"])
    error_message = "one schedule for each pair"
  }
}

run "the_policy_names_the_clusters_of_the_sides" {
  command = plan

  assert {
    condition = one([for s in jsondecode(module.ha_status[0].permissions).Statement : s.Resource if s.Sid == "FindClusters"]) == [
      "arn:aws:eks:us-east-1:123456789012:cluster/prod-east",
      "arn:aws:eks:us-west-2:123456789012:cluster/prod-west",
    ]
    error_message = "the clusters that the own role reads, each once"
  }

  assert {
    condition     = one([for s in jsondecode(module.ha_status[0].permissions).Statement : s.Resource if s.Sid == "AssumeTheRolesOfTargets"]) == ["arn:aws:iam::222222222222:role/day2"]
    error_message = "the role of the far side"
  }

  assert {
    condition     = !strcontains(module.ha_status[0].permissions, "$${")
    error_message = "a placeholder was left"
  }
}

run "without_groups_and_queues_nothing_is_granted_for_them" {
  command = plan

  variables {
    ha_status = { pairs = { prod = { primary = { target = "east", min_ready_nodes = 3 }, secondary = { target = "west", min_ready_nodes = 3 }, not_checked = ["groups", "queue"] } } }
  }

  assert {
    condition     = !strcontains(module.ha_status[0].permissions, "autoscaling:") && !strcontains(module.ha_status[0].permissions, "cloudwatch:")
    error_message = "only the clusters are looked at"
  }
}
