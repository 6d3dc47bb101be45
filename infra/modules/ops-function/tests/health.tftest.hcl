# What every function is guarded by: one plan, one assertion for each rule. tests/tests/house/infra.rs breaks a copy of this module
# in each of them, and requires that each assertion says so.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:mock" } }
  mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws:events:us-east-1:123456789012:rule/mock" } }
}

variables {
  name                  = "some-check"
  name_prefix           = "day2"
  description           = "Checks something."
  package               = "tests/fixtures/function.zip"
  trigger               = "{\"schedules\":[{\"task\":\"morning\",\"cron\":\"cron(30 6 * * ? *)\"}],\"event_patterns\":[{\"source\":[\"aws.cloudwatch\"],\"resources\":[\"$${alarm_arns}\"]}]}"
  targets               = ["prod-a"]
  zone                  = "Europe/Berlin"
  permissions_file      = "tests/fixtures/permissions.json"
  permission_values     = { cluster_arns = "arn:aws:eks:us-east-1:123456789012:cluster/a", optional_arns = "" }
  failure_queue_arn     = "arn:aws:sqs:us-east-1:123456789012:day2-failures"
  log_key_arn           = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  operations            = { topic_arn = "arn:aws:sns:us-east-1:123456789012:day2-operations" }
  alarm_arns            = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"]
  alarm_topic_arns      = ["arn:aws:sns:us-east-1:123456789012:alerts"]
  calling_alarm_arns    = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"]
  timeout_seconds       = 100
  max_event_age_seconds = 600
}

run "every_function_is_guarded" {
  command = plan

  assert {
    condition     = aws_lambda_function_event_invoke_config.this.destination_config[0].on_failure[0].destination == var.failure_queue_arn
    error_message = "O01: an event that failed for good must be kept"
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.this.maximum_retry_attempts == 2 && aws_lambda_function_event_invoke_config.this.maximum_event_age_in_seconds == 600
    error_message = "O01: retries and greatest age must be set"
  }

  assert {
    condition     = alltrue([for target in concat(values(aws_scheduler_schedule.this)[*].target[0], values(aws_cloudwatch_event_target.this)) : try(target.dead_letter_config[0].arn, "") == var.failure_queue_arn])
    error_message = "O01: an event that could not be delivered must be kept"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 90 && aws_cloudwatch_log_group.this.kms_key_id == var.log_key_arn
    error_message = "O01: the log needs a retention and its key"
  }

  assert {
    condition     = aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "O01: runs must be traced"
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == null
    error_message = "O01: an account must keep 100 unreserved, so nothing is reserved unasked"
  }

  assert {
    condition     = sort([for alarm in aws_cloudwatch_metric_alarm.health : alarm.metric_name]) == tolist(["AsyncEventAge", "DeadLetterErrors", "DestinationDeliveryFailures", "Duration", "Errors", "Throttles"])
    error_message = "O02: six metrics must be watched"
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.health : alarm.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:day2-operations"]) && alarm.dimensions == tomap({ FunctionName = "day2-some-check" })])
    error_message = "O02: the alarms must be about this function, and notify the topic of operations"
  }

  # Namespace, statistic, operator, threshold, seconds of a period, periods. In milliseconds: 80 % of the time-out, half of the greatest age.
  assert {
    condition = { for key, alarm in aws_cloudwatch_metric_alarm.health : key => "${alarm.namespace} ${alarm.statistic} ${alarm.comparison_operator} ${alarm.threshold} ${alarm.period} ${alarm.evaluation_periods}" } == {
      errors       = "AWS/Lambda Sum GreaterThanThreshold 2 900 1"
      throttles    = "AWS/Lambda Sum GreaterThanThreshold 0 300 1"
      dead-letters = "AWS/Lambda Sum GreaterThanThreshold 0 300 1"
      destination  = "AWS/Lambda Sum GreaterThanThreshold 0 300 1"
      event-age    = "AWS/Lambda Maximum GreaterThanThreshold 300000 300 1"
      duration     = "AWS/Lambda Maximum GreaterThanThreshold 80000 300 1"
    } && alltrue([for alarm in aws_cloudwatch_metric_alarm.health : alarm.extended_statistic == null && alarm.datapoints_to_alarm == null])
    error_message = "O02: each alarm must ring from the threshold and in the window that is meant"
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.health : alarm.treat_missing_data == "notBreaching"])
    error_message = "O02: a function that does not run is not ill"
  }

  assert {
    condition = jsondecode(aws_iam_role.scheduler[0].assume_role_policy).Statement[0].Condition.StringEquals == {
      "aws:SourceAccount" = "123456789012"
      "aws:SourceArn"     = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/day2-some-check"
    }
    error_message = "O06: the scheduler's role may be assumed for this schedule group only"
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role.function.assume_role_policy).Statement : try(statement.Condition.StringEquals["aws:SourceAccount"], "anybody")] == ["123456789012"]
    error_message = "O06: the role of a function may be assumed for this account only"
  }

  assert {
    condition     = alltrue([for permission in concat(values(aws_lambda_permission.events), values(aws_lambda_permission.topics), values(aws_lambda_permission.alarms)) : try(length(permission.source_arn), 0) > 0]) && alltrue([for permission in aws_lambda_permission.alarms : permission.source_account == "123456789012"])
    error_message = "O06: whoever calls the function must be held to a source"
  }
}

run "without_a_topic_there_are_no_alarms_and_traces_can_be_off" {
  command = plan

  variables {
    operations = { tracing = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.health) == 0 && length(output.health_alarms) == 0 && aws_lambda_function.this.tracing_config[0].mode == "PassThrough"
    error_message = "what is switched off must not be made"
  }
}

run "a_topic_by_its_name_is_refused_for_alarms" {
  command = plan

  variables {
    operations = { topic_arn = "alerts" }
  }

  expect_failures = [var.operations]
}
