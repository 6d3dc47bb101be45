locals {
  event_patterns = { for index, pattern in local.trigger.event_patterns : tostring(index) => jsonencode(pattern) }
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
