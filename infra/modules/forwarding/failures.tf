# Keeps each event that could not be forwarded, with the reason: a deployment that does not let the role in any more refuses it at once.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html

locals {
  own_queue_name = "${var.name}-forward-failures"
  own_queue_arn  = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:${local.own_queue_name}"

  # That which is used.
  queue_arn  = var.failure_queue_arn == null ? local.own_queue_arn : var.failure_queue_arn
  queue_name = split(":", local.queue_arn)[5]
}

# Also where another is used: whether one is named need not be known before apply, so that it can be made in the same one. An empty
# queue costs nothing.
resource "aws_sqs_queue" "failures" {
  name                      = local.own_queue_name
  message_retention_seconds = 1209600 # 14 days, the most that SQS keeps
  sqs_managed_sse_enabled   = true
  tags                      = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.own_queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "ForwardingRulesKeepUndeliveredEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.own_queue_arn
        Condition = { ArnLike = { "aws:SourceArn" = local.rule_arns } }
      },
    ]
  })
}

# Nobody at the deployment hears of what does not arrive there, so it rings here.
resource "aws_cloudwatch_metric_alarm" "failures" {
  alarm_name        = "${var.name}-forward-failures"
  alarm_description = "An alarm or a finding could not be forwarded to ${var.event_bus_arn}: nobody acts on it. Read it: aws sqs receive-message --attribute-names All --message-attribute-names All --queue-url $(aws sqs get-queue-url --queue-name ${local.queue_name} --query QueueUrl --output text). ERROR_CODE says why; most likely ${local.role_name} does not stand in forwarding_roles of the deployment. Purge the queue when it is dealt with."

  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = local.queue_name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1

  # An empty queue that nobody touches sends nothing after six hours; one with a message in it always does.
  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-monitoring-using-cloudwatch.html
  treat_missing_data = "notBreaching"

  alarm_actions = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
  ok_actions    = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]

  tags = var.tags
}
