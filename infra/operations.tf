# What tells people that Day2 itself is ill: a topic of its own, which no function listens to. The reports' topic would not do:
# somebody may let a function listen to it one day, and who reads reports is often not who mends Day2.

locals {
  # For every function.
  operations = {
    topic_arn = var.operations.alarms ? local.operations_topic_arn : null
    tracing   = var.operations.tracing
  }

  makes_operations_topic = var.operations.alarms && var.operations.topic_arn == null

  own_topics = "arn:${local.partition}:sns:${local.region}:${local.account_id}:"

  # The topics that people are told through, but for those of other accounts and regions: who is subscribed there and what was
  # delivered, nobody here can read.
  telling_topic_arns = [
    for arn in distinct(concat([local.topic_arn], var.operations.alarms ? [local.operations_topic_arn] : [], [for target in local.targets : target.topic_arn if target.topic_arn != null])) : arn
    if startswith(arn, local.own_topics)
  ]
}

resource "aws_sns_topic" "operations" {
  count = local.makes_operations_topic ? 1 : 0

  name              = "${var.name}-operations"
  display_name      = "${var.name} operations"
  kms_master_key_id = aws_kms_key.this.arn
  tags              = local.tags
}

# Only alarms of this account and region speak here.
resource "aws_sns_topic_policy" "operations" {
  count = local.makes_operations_topic ? 1 : 0

  arn = aws_sns_topic.operations[0].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = local.operations_topic_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "AlarmsPublish"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.operations_topic_arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account_id }
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${var.name}-*" }
        }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "operations_email" {
  for_each = local.makes_operations_topic ? coalesce(var.operations.email_subscriptions, var.email_subscriptions) : []

  topic_arn = aws_sns_topic.operations[0].arn
  protocol  = "email"
  endpoint  = each.key
}

# A run knows that SNS took its report, and not that anybody got it. For e-mail, SMS, SQS and mobile push this metric counts when SNS
# stops trying, for HTTP and HTTPS each attempt that failed, also where a later one succeeds. Whether a mail counts that bounces
# later, the guide does not say.
# https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
resource "aws_cloudwatch_metric_alarm" "undelivered" {
  for_each = { for arn in local.telling_topic_arns : trimprefix(arn, local.own_topics) => arn if var.operations.alarms }

  # CloudWatch takes 255 characters, and SNS gives a topic up to 256.
  alarm_name        = substr("${var.name}-undelivered-${each.key}", 0, 255)
  alarm_description = "SNS could not deliver a message of the topic ${each.key}: somebody who is subscribed was not told. See who is: aws sns list-subscriptions-by-topic --topic-arn ${each.value}. Ask them for the last message, and mend the address or endpoint that does not get it. Every report is in the bucket ${local.report_bucket}."

  namespace           = "AWS/SNS"
  metric_name         = "NumberOfNotificationsFailed"
  dimensions          = { TopicName = each.key }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1

  # A topic that nobody uses sends nothing after six hours.
  treat_missing_data = "notBreaching"

  # The alarm about the topic of alarms tells those whom that topic still reaches. Its own notice to the one whom it does not reach counts
  # too, so that it may ring again until the address is mended. No ok_actions: OK says that five minutes went by without a failure, not
  # that the address is mended, and a notice of OK that does not arrive would ring the alarm again, without end.
  alarm_actions = [local.operations_topic_arn]

  tags = local.tags
}
