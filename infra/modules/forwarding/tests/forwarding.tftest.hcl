# What could not be forwarded is kept, and somebody is told: one assertion for each rule. tests/tests/house/infra.rs breaks a copy of this
# module in each of them, and requires that each assertion says so. What is forwarded is tested in examples/fleet.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "222222222222" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "eu-central-1", name = "eu-central-1" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::222222222222:role/day2-forward-eu-central-1" } }
  mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws:events:eu-central-1:222222222222:rule/mock" } }
}

variables {
  event_bus_arn   = "arn:aws:events:us-east-1:123456789012:event-bus/default"
  alarm_arns      = ["arn:aws:cloudwatch:eu-central-1:222222222222:alarm:prod-c-connections"]
  findings        = true
  alarm_topic_arn = "arn:aws:sns:eu-central-1:222222222222:platform-alerts"
}

run "what_cannot_be_forwarded_is_kept_and_rings" {
  command = plan

  assert {
    condition     = [for target in aws_cloudwatch_event_target.this : target.dead_letter_config[0].arn] == ["arn:aws:sqs:eu-central-1:222222222222:day2-forward-failures", "arn:aws:sqs:eu-central-1:222222222222:day2-forward-failures"]
    error_message = "what a rule cannot forward must be kept"
  }

  assert {
    condition     = aws_sqs_queue.failures.name == "day2-forward-failures" && aws_sqs_queue.failures.sqs_managed_sse_enabled && aws_sqs_queue.failures.message_retention_seconds == 1209600
    error_message = "the queue must be encrypted, and keep as long as it can"
  }

  assert {
    condition     = [for s in jsondecode(aws_sqs_queue.failures.policy).Statement : "${s.Action} ${s.Condition.Bool["aws:SecureTransport"]}" if s.Effect == "Deny"] == ["sqs:* false"]
    error_message = "the queue must refuse what does not come over TLS"
  }

  assert {
    condition     = [for s in jsondecode(aws_sqs_queue.failures.policy).Statement : "${s.Principal.Service} ${s.Action} ${s.Resource} ${s.Condition.ArnLike["aws:SourceArn"]}" if s.Effect == "Allow"] == ["events.amazonaws.com sqs:SendMessage arn:aws:sqs:eu-central-1:222222222222:day2-forward-failures arn:aws:events:eu-central-1:222222222222:rule/day2-forward-*"]
    error_message = "only the forwarding rules may put something into the queue"
  }

  assert {
    condition     = "${aws_cloudwatch_metric_alarm.failures.namespace} ${aws_cloudwatch_metric_alarm.failures.metric_name} ${aws_cloudwatch_metric_alarm.failures.dimensions.QueueName} ${aws_cloudwatch_metric_alarm.failures.statistic} ${aws_cloudwatch_metric_alarm.failures.comparison_operator} ${aws_cloudwatch_metric_alarm.failures.threshold} ${aws_cloudwatch_metric_alarm.failures.period} ${aws_cloudwatch_metric_alarm.failures.evaluation_periods} ${aws_cloudwatch_metric_alarm.failures.treat_missing_data}" == "AWS/SQS ApproximateNumberOfMessagesVisible day2-forward-failures Maximum GreaterThanThreshold 0 300 1 notBreaching"
    error_message = "the first event that could not be forwarded must ring, and an empty queue must not"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.failures.alarm_actions == toset(["arn:aws:sns:eu-central-1:222222222222:platform-alerts"]) && aws_cloudwatch_metric_alarm.failures.ok_actions == aws_cloudwatch_metric_alarm.failures.alarm_actions
    error_message = "the alarm must tell those whom the topic reaches"
  }
}

run "a_queue_of_somebody_else_is_used_instead" {
  command = plan

  variables {
    failure_queue_arn = "arn:aws:sqs:eu-central-1:222222222222:theirs"
  }

  assert {
    condition     = aws_sqs_queue.failures.name == "day2-forward-failures" && !strcontains(aws_sqs_queue.failures.policy, "theirs") && aws_cloudwatch_metric_alarm.failures.dimensions == tomap({ QueueName = "theirs" }) && alltrue([for target in aws_cloudwatch_event_target.this : target.dead_letter_config[0].arn == var.failure_queue_arn])
    error_message = "the rules must use that queue, the alarm must stand on it, and the other stays as it is"
  }
}

run "without_a_topic_the_alarm_is_there_and_tells_nobody" {
  command = plan

  variables {
    alarm_topic_arn = null
  }

  assert {
    condition     = try(length(aws_cloudwatch_metric_alarm.failures.alarm_actions), 0) == 0 && aws_cloudwatch_metric_alarm.failures.alarm_name == "day2-forward-failures"
    error_message = "an alarm without a topic must not be refused"
  }
}

run "what_is_no_queue_and_no_topic_is_refused" {
  command = plan

  variables {
    failure_queue_arn = "arn:aws:sns:eu-central-1:222222222222:theirs"
    alarm_topic_arn   = "platform-alerts"
  }

  expect_failures = [var.failure_queue_arn, var.alarm_topic_arn]
}
