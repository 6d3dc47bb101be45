locals {
  # An EventBridge pattern holds 2,048 characters (quota "Event pattern size") and an alarm's ARN up to about 320: a name has
  # at most 255. Rules cost nothing, so five ARNs go into each, whatever their names.
  alarms_per_rule = 5
  alarm_chunks    = chunklist(sort(var.alarm_arns), local.alarms_per_rule)

  # A pattern that stands on `["$${alarm_arns}"]` becomes one rule for each chunk of ARNs, and none where no alarm is bound.
  alarm_placeholder = jsonencode(["$${alarm_arns}"])
  event_patterns = merge([
    for index, pattern in [for pattern in local.trigger.event_patterns : jsonencode(pattern)] : merge(
      { for key in [tostring(index)] : key => pattern if !strcontains(pattern, local.alarm_placeholder) },
      {
        for chunk, arns in local.alarm_chunks : "${index}-${chunk}" => replace(pattern, local.alarm_placeholder, jsonencode(arns))
        if strcontains(pattern, local.alarm_placeholder)
      },
    )
  ]...)
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.event_patterns

  name          = "${local.function_name}-${each.key}"
  description   = "Calls ${local.function_name}."
  event_pattern = each.value
  tags          = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.event_patterns

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "function"
  arn       = aws_lambda_function.this.arn

  retry_policy {
    maximum_retry_attempts       = var.max_retries
    maximum_event_age_in_seconds = var.max_event_age_seconds
  }

  dead_letter_config {
    arn = var.failure_queue_arn
  }
}

# The ARN of the rule names account and region, so it is the whole source condition.
resource "aws_lambda_permission" "events" {
  for_each = local.event_patterns

  statement_id  = "EventRule${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this[each.key].arn
}
