output "function_name" {
  description = "Name of the Lambda function, for `aws lambda invoke --function-name`."
  value       = aws_lambda_function.this.function_name
}

output "function_arn" {
  description = "ARN of the Lambda function."
  value       = aws_lambda_function.this.arn
}

output "role_arn" {
  description = "ARN of the role that the function runs with."
  value       = aws_iam_role.function.arn
}

output "role_name" {
  description = "Name of the role that the function runs with."
  value       = aws_iam_role.function.name
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "kubernetes_group" {
  description = "Kubernetes group of the function, to which infra/kubernetes binds its ClusterRole."
  value       = local.kubernetes_group
}

output "schedule_group_name" {
  description = "EventBridge Scheduler group of the function's schedules; null without schedules."
  value       = one(aws_scheduler_schedule_group.this[*].name)
}

output "schedules" {
  description = "The schedules by name: expression, time zone and input."
  value = {
    for name, schedule in local.schedules : name => {
      expression = schedule.expression
      zone       = var.zone
      input      = schedule.input
    }
  }
}

output "permissions" {
  description = "Policy for what the function's code calls, as JSON."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.permissions })
}

output "event_rules" {
  description = "The event rules that call the function by name, with their patterns."
  value       = { for key, pattern in local.event_patterns : "${local.function_name}-${key}" => pattern }
}

output "topics" {
  description = "ARNs of the topics whose messages call the function."
  value       = sort(var.alarm_topic_arns)
}

output "calling_alarms" {
  description = "ARNs of the alarms that may call the function as an action of their own."
  value       = sort(var.calling_alarm_arns)
}

output "access_entries" {
  description = "EKS clusters in which the function has an access entry."
  value       = toset(keys(aws_eks_access_entry.this))
}

output "max_event_age_seconds" {
  description = "How long an event is kept for retries, in seconds."
  value       = var.max_event_age_seconds
}

output "health_alarms" {
  description = "Names of the alarms about the function itself."
  value       = sort([for alarm in aws_cloudwatch_metric_alarm.health : alarm.alarm_name])
}

output "examined" {
  description = "What the doctor examines of the function. None of it may wait for the function itself, whose settings may wait for the doctor's."
  value = {
    # All that the role must be allowed: what the code calls, and what AWS calls with the role. The second names the deployment's
    # key, which has no ARN before the first apply.
    permissions      = jsonencode({ Version = "2012-10-17", Statement = concat(local.permissions, local.implied) })
    schedules        = { for name, schedule in local.schedules : name => schedule.expression }
    inputs           = { for name, schedule in local.schedules : name => schedule.input }
    kubernetes_group = local.kubernetes_group
    clusters         = sort(var.access_entry_clusters)
    alarms           = var.operations.topic_arn == null ? [] : sort([for key in keys(local.health) : "${local.function_name}-${key}"])
    event_rules      = { for key, pattern in local.event_patterns : "${local.function_name}-${key}" => pattern }
    callers = concat(
      [for key in keys(local.event_patterns) : { principal = "events.amazonaws.com", source_arn = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${local.function_name}-${key}" }],
      [for arn in sort(var.alarm_topic_arns) : { principal = "sns.amazonaws.com", source_arn = arn }],
      [for arn in sort(var.calling_alarm_arns) : { principal = "lambda.alarms.cloudwatch.amazonaws.com", source_arn = arn }],
    )
  }
}
