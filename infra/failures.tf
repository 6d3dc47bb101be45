# Keeps each event that could not be delivered to a function or that failed after its last retry, with the reason.
resource "aws_sqs_queue" "failures" {
  name                      = "${var.name}-failures"
  message_retention_seconds = 1209600 # 14 days, the most that SQS keeps
  sqs_managed_sse_enabled   = true
  tags                      = local.tags

  # Here and not in a resource of its own: the provider waits 25 seconds for each of the two.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.failure_queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "EventRulesKeepUndeliveredEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.failure_queue_arn
        Condition = { ArnLike = { "aws:SourceArn" = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.name}-*" } }
      },
      ], length(local.calling_topic_arns) == 0 ? [] : [{
        Sid       = "TopicsKeepUndeliveredMessages"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.failure_queue_arn
        Condition = { ArnEquals = { "aws:SourceArn" = sort(local.calling_topic_arns) } }
    }])
  })
}

# What lies in the queue was not acted on, and nobody else tells: the function could not, and its report was never made.
resource "aws_cloudwatch_metric_alarm" "failures" {
  count = var.operations.alarms ? 1 : 0

  alarm_name        = "${var.name}-failures"
  alarm_description = "An event was not delivered to a function of ${var.name}, or failed after its last retry. Read it: aws sqs receive-message --queue-url ${aws_sqs_queue.failures.url} --attribute-names All --message-attribute-names All. The reason stands beside it. Purge the queue when it is dealt with."

  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.failures.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1

  # An empty queue that nobody touches sends nothing after six hours; one with a message in it always does.
  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-monitoring-using-cloudwatch.html
  treat_missing_data = "notBreaching"

  # It mails, and calls no function. It also tells when the queue is empty again: then it is over.
  alarm_actions = [local.operations_topic_arn]
  ok_actions    = [local.operations_topic_arn]

  tags = local.tags
}
