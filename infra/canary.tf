# The way of the doctor's canary: a topic of its own with the key of the mails, and a queue behind it. On the topic of the reports
# the canary would reach people: a filter that keeps it from them also keeps out every message without attributes, and alarms
# have none ("exists": false matches no message without attributes).
# https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html

locals {
  canary_topic_arn = "arn:${local.partition}:sns:${local.region}:${local.account_id}:${var.name}-canary"
  canary_queue_arn = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:${var.name}-canary"
}

resource "aws_sns_topic" "canary" {
  count = local.doctor_flies_canary ? 1 : 0

  name              = "${var.name}-canary"
  kms_master_key_id = aws_kms_key.this.arn
  tags              = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyOverTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sns:Publish"
      Resource  = local.canary_topic_arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sqs_queue" "canary" {
  count = local.doctor_flies_canary ? 1 : 0

  name                       = "${var.name}-canary"
  message_retention_seconds  = 300 # a canary that nobody waits for any more is forgotten
  visibility_timeout_seconds = 5   # one run sees the canary of another, and leaves it
  sqs_managed_sse_enabled    = true
  tags                       = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.canary_queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "TheCanaryComesHere"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.canary_queue_arn
        Condition = { ArnEquals = { "aws:SourceArn" = local.canary_topic_arn } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "canary" {
  count = local.doctor_flies_canary ? 1 : 0

  topic_arn            = aws_sns_topic.canary[0].arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.canary[0].arn
  raw_message_delivery = true
}
