# health-check: what is refused.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API_AND_CONFIG_MAP" }] } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:mock" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" } }
}

variables {
  zone        = "America/New_York"
  package_dir = "tests/fixtures"
  targets     = [{ name = "prod-a", cluster = { name = "prod-a" } }]
  health_check = {
    targets = {
      prod-a = {
        not_checked = ["mesh"]
        installed   = ["keda"]
        ownership   = { namespaces = { "shop-*" = "shop" }, platform = "platform" }
        nodes       = { cordon_minutes = 30 }
      }
    }
  }
}

run "left_out_it_is_not_deployed" {
  command = plan
  variables { health_check = null }

  assert {
    condition     = length(module.health_check) == 0
    error_message = "health_check = null must leave the function out"
  }
}

run "an_unknown_group_is_refused" {
  command = plan
  variables { health_check = { targets = { prod-a = { not_checked = ["pods"] } } } }
  expect_failures = [var.health_check]
}

run "an_unknown_component_is_refused" {
  command = plan
  variables { health_check = { targets = { prod-a = { installed = ["linkerd"] } } } }
  expect_failures = [var.health_check]
}

run "a_schedule_of_triage_is_refused" {
  command = plan
  variables { health_check = { targets = { prod-a = {} }, schedules = { triage = "cron(0 7 * * ? *)" } } }
  expect_failures = [var.health_check]
}

run "a_percentage_above_a_hundred_is_refused" {
  command = plan
  variables { health_check = { targets = { prod-a = { quotas = { used_percent = 101 } } } } }
  expect_failures = [var.health_check]
}

run "a_platform_that_is_not_declared_is_refused" {
  command = plan
  variables { health_check = { targets = { prod-b = {} } } }
  expect_failures = [var.health_check]
}
