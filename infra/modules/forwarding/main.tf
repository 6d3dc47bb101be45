# In another account or region than the deployment: sends the state changes of these alarms, and findings if wanted, to the
# event bus of the deployment, as they are. Everything else stays where it is.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  partition  = data.aws_partition.current.partition
  account_id = data.aws_caller_identity.current.account_id
  region     = data.aws_region.current.id

  # Five ARNs fit into a rule, whatever their names (modules/ops-function/events.tf).
  alarm_rules = {
    for index, arns in chunklist(sort(var.alarm_arns), 5) : "alarms-${index}" => {
      source      = ["aws.cloudwatch"]
      detail-type = ["CloudWatch Alarm State Change"]
      resources   = arns
    }
  }
  finding_rules = {
    for key in ["findings"] : key => {
      source      = ["aws.guardduty"]
      detail-type = ["GuardDuty Finding"]
    } if var.findings
  }
  rules = merge(
    { for key, pattern in local.alarm_rules : key => jsonencode(pattern) },
    { for key, pattern in local.finding_rules : key => jsonencode(pattern) },
  )

  # Roles belong to the whole account, so each region has its own.
  role_name = "${var.name}-forward-${local.region}"

  rule_arns = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.name}-forward-*"
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name          = "${var.name}-forward-${each.key}"
  description   = "Forwards to the deployment ${var.name}."
  event_pattern = each.value
  tags          = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.rules

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "deployment"
  arn       = var.event_bus_arn
  role_arn  = aws_iam_role.this.arn

  # Older than that, no action would act on it.
  retry_policy {
    maximum_retry_attempts       = 10
    maximum_event_age_in_seconds = 900
  }

  dead_letter_config {
    arn = local.queue_arn
  }

  # Without the queue the first event that is refused would be lost.
  depends_on = [aws_sqs_queue.failures]
}

# Only rules of these names may use it; EventBridge sends the ARN of the rule along.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/policy-keys-eventbridge.html
resource "aws_iam_role" "this" {
  name                 = local.role_name
  description          = "Lets EventBridge forward alarms and findings to the deployment ${var.name}."
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnLike      = { "aws:SourceArn" = local.rule_arns }
      }
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy" "this" {
  name = "forward"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "PutEventsOntoTheDeploymentsBus"
      Effect   = "Allow"
      Action   = ["events:PutEvents"]
      Resource = [var.event_bus_arn]
    }]
  })
}
