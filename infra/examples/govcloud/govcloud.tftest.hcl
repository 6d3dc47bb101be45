# Run in infra/: terraform test -test-directory=examples/govcloud -var-file=examples/govcloud/terraform.tfvars
# The same variables are planned for China too, with alarms of that partition.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws-us-gov", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-gov-west-1", name = "us-gov-west-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API" }] } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws-us-gov:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:mock" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws-us-gov:sns:us-gov-west-1:123456789012:mock" } }
  mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws-us-gov:events:us-gov-west-1:123456789012:rule/mock" } }
}

mock_provider "aws" {
  alias           = "china"
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" } }
  mock_data "aws_region" { defaults = { id = "cn-north-1", name = "cn-north-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API" }] } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws-cn:kms:cn-north-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws-cn:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:mock" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws-cn:sns:cn-north-1:123456789012:mock" } }
  mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws-cn:events:cn-north-1:123456789012:rule/mock" } }
}

variables {
  package_dir = "tests/fixtures"
}

run "the_example_can_be_planned" {
  command = plan

  assert {
    condition     = join(" ", keys(output.functions)) == "connection-exhaustion doctor lease-sweeper scale-window watchdog"
    error_message = "the example must deploy checks, an action, the sweeper of its changes, and the watchdog"
  }

  assert {
    condition     = alltrue([for name in keys(output.functions) : startswith(jsondecode(output.settings[name]).deployment.topic_arn, "arn:aws-us-gov:sns:us-gov-west-1:")]) && jsondecode(output.settings["scale-window"]).deployment.partition == "aws-us-gov"
    error_message = "the functions must be told the partition"
  }

  assert {
    condition = alltrue([for written in concat(
      [for function in [module.scale_window[0], module.connection_exhaustion[0], module.lease_sweeper[0], module.watchdog[0]] : function.permissions],
      values(output.settings), values(output.functions)[*].function_arn,
      [aws_kms_key.this.policy, aws_sns_topic_policy.reports.policy, aws_sns_topic_policy.operations[0].policy, aws_sqs_queue.failures.policy, aws_s3_bucket_policy.reports.policy, aws_s3_bucket_policy.trail[0].policy, output.operations_topic_arn],
      [jsonencode(aws_cloudtrail.invocations[0].advanced_event_selector)],
    ) : !strcontains(written, "arn:aws:")])
    error_message = "an ARN names the commercial partition"
  }

  assert {
    condition     = contains([for s in jsondecode(aws_kms_key.this.policy).Statement : try(s.Principal.Service, "")], "logs.us-gov-west-1.amazonaws.com")
    error_message = "the log service has a name of its region"
  }
}

run "it_can_be_planned_in_china" {
  command = plan

  providers = {
    aws = aws.china
  }

  variables {
    zone                  = "Asia/Shanghai"
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { alarm_arns = ["arn:aws-cn:cloudwatch:cn-north-1:123456789012:alarm:prod-a-connections"] }) } })
  }

  assert {
    condition     = contains([for s in jsondecode(aws_kms_key.this.policy).Statement : try(s.Principal.Service, "")], "logs.cn-north-1.amazonaws.com.cn")
    error_message = "the log service has a name of its partition"
  }

  assert {
    condition = alltrue([for written in concat(
      [for function in [module.scale_window[0], module.connection_exhaustion[0], module.lease_sweeper[0], module.watchdog[0]] : function.permissions],
      values(output.settings),
      [aws_kms_key.this.policy, aws_sns_topic_policy.reports.policy, aws_sns_topic_policy.operations[0].policy, aws_sqs_queue.failures.policy, aws_s3_bucket_policy.reports.policy, aws_s3_bucket_policy.trail[0].policy, output.operations_topic_arn],
    ) : !strcontains(written, "arn:aws:") && !strcontains(written, "aws-us-gov")])
    error_message = "an ARN names another partition"
  }
}
