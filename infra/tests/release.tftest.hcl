# Who may open what was closed.

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

run "a_release_changes_the_groups_of_its_targets_and_enters_their_clusters" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(module.threat_release[0].permissions).Statement : statement.Resource if statement.Sid == "EndTheProtectionFromScaleIn"
    ] == [["arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:*:autoScalingGroupName/prod-a-workspace"]]
    error_message = "the release must change the Auto Scaling groups of its targets, and no others"
  }

  assert {
    condition     = !strcontains(module.threat_release[0].permissions, "evidence") && !strcontains(module.threat_release[0].permissions, "\"s3:GetObject\"")
    error_message = "the release must not reach the evidence"
  }

  assert {
    condition     = output.functions["threat-release"].kubernetes_group == "day2:threat-release" && length(output.functions["threat-release"].access_entries) == 1
    error_message = "the release must enter the clusters of its targets under a group of its own"
  }

  assert {
    condition     = length(output.functions["threat-release"].schedules) == 0 && length(output.functions["threat-release"].event_rules) == 0 && length(output.functions["threat-release"].topics) == 0
    error_message = "nothing but a person may call the release"
  }

  assert {
    condition     = jsondecode(output.settings["threat-release"]).function == { safety = { mode = "approve", max_actions_per_day = 12, max_steps = 9 } }
    error_message = "the function must read the safety belts as they are set"
  }
}
