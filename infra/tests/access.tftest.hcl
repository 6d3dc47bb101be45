# Who may enter which cluster.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "CONFIG_MAP" }] } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:mock" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" } }
}

variables {
  zone        = "UTC"
  package_dir = "tests/fixtures"
  targets = [{
    name    = "prod-a"
    cluster = { name = "prod-a" }
    node_groups = [
      { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
      { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
    ]
  }]
  scale_window = {
    targets = {
      prod-a = {
        control     = { groups = [{ node_group = "control", min_ready = 2 }] }
        groups      = [{ node_group = "workspace", before = 10, peak = 50, after = 10, min = 10, max = 60 }]
        not_checked = ["workloads", "nat", "schedule", "quotas", "probes"]
      }
    }
  }
}

run "a_cluster_without_access_entries_is_refused_with_the_fix" {
  command         = plan
  expect_failures = [data.aws_eks_cluster.own]
}

run "a_cluster_whose_mode_is_not_known_is_refused" {
  command = plan

  override_data {
    target = data.aws_eks_cluster.own
    values = { access_config = [] }
  }

  expect_failures = [data.aws_eks_cluster.own]
}

run "the_check_can_be_left_to_the_user" {
  command = plan

  variables {
    targets = [{
      name    = "prod-a"
      cluster = { name = "prod-a", access_entry = false }
      node_groups = [
        { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
        { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
      ]
    }]
  }

  assert {
    condition     = length(data.aws_eks_cluster.own) == 0
    error_message = "access_entry = false must leave the cluster alone"
  }
}
