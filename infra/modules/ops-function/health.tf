# What tells that the function itself is ill. The alarms notify people; no function listens to them, and each is named
# after the function, which begins with the name of the deployment: alarms of such names are bound to no action.
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html

locals {
  # What is counted, in which window, and from how much on somebody should know.
  health = {
    errors = {
      metric_name = "Errors", statistic = "Sum", period = 900, threshold = 2
      # One or two are an event that is tried again: a lock that is held is an error on purpose.
      says = "failed three times in a quarter of an hour. Its log says why; an event that failed for good lies in the queue of failures"
    }
    throttles = {
      metric_name = "Throttles", statistic = "Sum", period = 300, threshold = 0
      says        = "was throttled: the account or the function has too little concurrency. Events wait for six hours at most"
    }
    dead-letters = {
      metric_name = "DeadLetterErrors", statistic = "Sum", period = 300, threshold = 0
      says        = "lost an event: Lambda could not put it into a dead-letter queue"
    }
    destination = {
      metric_name = "DestinationDeliveryFailures", statistic = "Sum", period = 300, threshold = 0
      says        = "lost an event: Lambda could not put it into the queue of failures. See the queue's policy and the role"
    }
    event-age = {
      # In milliseconds. Half of the time after which an event is given up.
      metric_name = "AsyncEventAge", statistic = "Maximum", period = 300, threshold = var.max_event_age_seconds * 500
      says        = "gets its events late: half of the time after which they are given up has passed"
    }
    duration = {
      metric_name = "Duration", statistic = "Maximum", period = 300, threshold = var.timeout_seconds * 800
      says        = "took more than 80 % of its time-out of ${var.timeout_seconds} s. Raise the time-out, or see in its report what was slow"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "health" {
  for_each = var.operations.topic_arn == null ? {} : local.health

  alarm_name        = "${local.function_name}-${each.key}"
  alarm_description = "${local.function_name} ${each.value.says}."

  namespace           = "AWS/Lambda"
  metric_name         = each.value.metric_name
  dimensions          = { FunctionName = local.function_name }
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = 1

  # A function that does not run sends nothing. That a report is missing tells the watchdog.
  treat_missing_data = "notBreaching"

  # No ok_actions: OK says only that a window went by without more, which for a function that runs once a day is not that it is
  # well again. And CloudWatch carries out the actions of OK for each new alarm, too ("PutMetricAlarm"): six mails for each function.
  alarm_actions = [var.operations.topic_arn]

  tags = var.tags
}
