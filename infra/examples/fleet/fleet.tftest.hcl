# Run in infra/: terraform test -test-directory=examples/fleet -var-file=examples/fleet/terraform.tfvars

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
  mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws:events:us-east-1:123456789012:rule/mock" } }
}

# Account 222222222222, from which alarms are forwarded.
mock_provider "aws" {
  alias           = "other"
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "222222222222" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "eu-central-1", name = "eu-central-1" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::222222222222:role/day2-forward-eu-central-1" } }
  mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws:events:eu-central-1:222222222222:rule/mock" } }
}

variables {
  package_dir = "tests/fixtures"
}

run "the_deployment_can_be_planned" {
  command = plan

  assert {
    condition     = join(" ", keys(output.functions["scale-window"].schedules)) == join(" ", sort([for pair in setproduct(["postscale", "prescale", "scaledown"], ["prod-a", "prod-b", "prod-c"]) : "${pair[0]}-${pair[1]}"]))
    error_message = "each platform needs its own schedules"
  }

  assert {
    condition     = contains([for s in jsondecode(module.scale_window[0].permissions).Statement : sort(s.Resource) if s.Sid == "AssumeTheRolesOfTargets"], tolist(["arn:aws:iam::123456789012:role/day2-reader", "arn:aws:iam::222222222222:role/day2"])) && contains([for s in jsondecode(module.connection_exhaustion[0].permissions).Statement : sort(s.Resource) if s.Sid == "AssumeTheRolesOfTargets"], tolist(["arn:aws:iam::222222222222:role/day2", "arn:aws:iam::333333333333:role/day2"]))
    error_message = "a function must be able to assume the roles of its own targets, and no others"
  }

  assert {
    condition     = toset(output.functions["scale-window"].access_entries) == toset(["prod-a"])
    error_message = "only a cluster that is reached without another role can be opened from here"
  }

  assert {
    condition     = toset(flatten([for pattern in values(output.functions["connection-exhaustion"].event_rules) : jsondecode(pattern).resources])) == toset(["arn:aws:cloudwatch:eu-central-1:222222222222:alarm:prod-c-connections", "arn:aws:cloudwatch:us-east-1:333333333333:alarm:prod-d-connections"])
    error_message = "forwarded alarms must call the function by their ARNs"
  }

  assert {
    condition     = jsondecode(output.forwarding_statement).Condition.ArnEquals["aws:PrincipalArn"] == ["arn:aws:iam::222222222222:role/day2-forward-eu-central-1", "arn:aws:iam::333333333333:role/day2-forward-us-east-1"] && jsondecode(output.forwarding_statement).Principal.AWS == ["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"]
    error_message = "only the forwarding roles of these accounts may put events"
  }

  assert {
    condition     = length(keys(jsondecode(output.settings["watchdog"]).function.functions)) == 3 && jsondecode(output.settings["watchdog"]).function.functions.scale-window.targets == ["prod-a", "prod-b", "prod-c"]
    error_message = "the watchdog must know the schedules of every platform"
  }
}

run "an_account_forwards_its_alarms_and_nothing_else_o06" {
  command = plan

  module {
    source = "./modules/forwarding"
  }

  providers = {
    aws = aws.other
  }

  variables {
    name            = "day2"
    event_bus_arn   = "arn:aws:events:us-east-1:123456789012:event-bus/default"
    alarm_arns      = ["arn:aws:cloudwatch:eu-central-1:222222222222:alarm:prod-c-connections"]
    findings        = true
    alarm_topic_arn = "arn:aws:sns:eu-central-1:222222222222:platform-alerts"
  }

  assert {
    condition     = contains(var.forwarding_roles, output.role_arn)
    error_message = "the deployment must let in the role that forwards"
  }

  assert {
    condition     = jsondecode(output.rules["day2-forward-alarms-0"]) == { source = ["aws.cloudwatch"], detail-type = ["CloudWatch Alarm State Change"], resources = ["arn:aws:cloudwatch:eu-central-1:222222222222:alarm:prod-c-connections"] } && jsondecode(output.rules["day2-forward-findings"]) == { source = ["aws.guardduty"], detail-type = ["GuardDuty Finding"] } && length(output.rules) == 2
    error_message = "the rules must forward the named alarms and findings, and nothing else"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement == [{ Sid = "PutEventsOntoTheDeploymentsBus", Effect = "Allow", Action = ["events:PutEvents"], Resource = ["arn:aws:events:us-east-1:123456789012:event-bus/default"] }]
    error_message = "the role must put events onto that bus, and do nothing else"
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition == { StringEquals = { "aws:SourceAccount" = "222222222222" }, ArnLike = { "aws:SourceArn" = "arn:aws:events:eu-central-1:222222222222:rule/day2-forward-*" } }
    error_message = "only its own rules may use the role"
  }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.this : target.arn == var.event_bus_arn && target.role_arn == aws_iam_role.this.arn])
    error_message = "the rules must forward to the deployment, by the role"
  }
}

run "another_bus_than_the_default_one_is_refused" {
  command = plan

  module {
    source = "./modules/forwarding"
  }

  providers = {
    aws = aws.other
  }

  variables {
    event_bus_arn = "arn:aws:events:us-east-1:123456789012:event-bus/alarms"
  }

  expect_failures = [var.event_bus_arn]
}
