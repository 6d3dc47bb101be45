# What tells people that Day2 itself is ill: a topic of its own, which no function listens to. The reports' topic would not do:
# somebody may let a function listen to it one day, and who reads reports is often not who mends Day2.

locals {
  # For every function.
  operations = {
    topic_arn = var.operations.alarms ? local.operations_topic_arn : null
    tracing   = var.operations.tracing
  }

  makes_operations_topic = var.operations.alarms && var.operations.topic_arn == null
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
