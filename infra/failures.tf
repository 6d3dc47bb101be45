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
      ], length(local.alarm_topic_arns) == 0 ? [] : [{
        Sid       = "TopicsOfAlarmsKeepUndeliveredMessages"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.failure_queue_arn
        Condition = { ArnEquals = { "aws:SourceArn" = sort(local.alarm_topic_arns) } }
    }])
  })
}
