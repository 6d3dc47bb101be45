locals {
  crons = {
    for schedule in local.trigger.schedules : schedule.task =>
    lookup(var.schedule_overrides, schedule.task, schedule.cron)
  }

  # One schedule per (task, target).
  schedules = merge([
    for task, cron in local.crons : {
      for target in var.targets : "${task}-${target}" => {
        expression = cron
        # jsonencode writes `<` and `>` as \u003c and \u003e, and Scheduler then does not see its context attribute.
        input = replace(replace(jsonencode({
          task         = task
          target       = target
          scheduled_at = "<aws.scheduler.scheduled-time>"
        }), "\\u003c", "<"), "\\u003e", ">")
      }
    }
  ]...)

  has_schedules      = length(local.schedules) > 0
  schedule_group_arn = "arn:${local.partition}:scheduler:${local.region}:${local.account_id}:schedule-group/${local.function_name}"
}

resource "aws_scheduler_schedule_group" "this" {
  count = local.has_schedules ? 1 : 0

  name = local.function_name
  tags = var.tags
}

resource "aws_scheduler_schedule" "this" {
  for_each = local.schedules

  name                         = each.key
  group_name                   = aws_scheduler_schedule_group.this[0].name
  description                  = "Calls ${local.function_name}."
  state                        = var.schedules_enabled ? "ENABLED" : "DISABLED"
  schedule_expression          = each.value.expression
  schedule_expression_timezone = var.zone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.this.arn
    role_arn = aws_iam_role.scheduler[0].arn
    input    = each.value.input

    retry_policy {
      maximum_retry_attempts       = var.max_retries
      maximum_event_age_in_seconds = var.max_event_age_seconds
    }

    dead_letter_config {
      arn = var.failure_queue_arn
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}

resource "aws_iam_role" "scheduler" {
  count = local.has_schedules ? 1 : 0

  name                 = "${local.function_name}-scheduler"
  description          = "Lets EventBridge Scheduler call ${local.function_name} and keep what it could not deliver."
  permissions_boundary = var.permissions_boundary_arn

  # The source must be the schedule group; a single schedule is not supported as a source.
  # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account_id
          "aws:SourceArn"     = local.schedule_group_arn
        }
      }
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy" "scheduler" {
  count = local.has_schedules ? 1 : 0

  name = "invoke"
  role = aws_iam_role.scheduler[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "CallTheFunction"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [local.function_arn]
      },
      {
        Sid      = "KeepUndeliveredEvents"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [var.failure_queue_arn]
      },
    ]
  })
}
