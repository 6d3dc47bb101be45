locals {
  deployed = {
    for name, function in {
      backup-verification   = one(module.backup_verification)
      connection-exhaustion = one(module.connection_exhaustion)
      doctor                = one(module.doctor)
      evidence-audit        = one(module.evidence_audit)
      ha-status             = one(module.ha_status)
      health-check          = one(module.health_check)
      lease-sweeper         = one(module.lease_sweeper)
      provisioning-latency  = one(module.provisioning_latency)
      scale-window          = one(module.scale_window)
      threat-containment    = one(module.threat_containment)
      threat-release        = one(module.threat_release)
      watchdog              = one(module.watchdog)
    } : name => function if function != null
  }
}

output "functions" {
  description = "The deployed functions by name: Lambda name and ARN, role, log group, Kubernetes group, schedules, what else calls it, the clusters that it enters, and the alarms about it."
  value = {
    for name, function in local.deployed : name => {
      function_name         = function.function_name
      function_arn          = function.function_arn
      role_arn              = function.role_arn
      role_name             = function.role_name
      log_group_name        = function.log_group_name
      kubernetes_group      = function.kubernetes_group
      schedule_group_name   = function.schedule_group_name
      schedules             = function.schedules
      event_rules           = function.event_rules
      topics                = function.topics
      calling_alarms        = function.calling_alarms
      access_entries        = function.access_entries
      max_event_age_seconds = function.max_event_age_seconds
      health_alarms         = function.health_alarms
    }
  }
}

output "certificate_roles" {
  description = "By target, the Kubernetes manifests that let health-check read the Secrets of certificates.secrets, each by its name. Apply them to the target's cluster."
  value       = local.certificate_roles
}

output "topic_arn" {
  description = "ARN of the topic that the reports are mailed through."
  value       = aws_sns_topic.reports.arn
}

output "operations_topic_arn" {
  description = "ARN of the topic that alarms about Day2 itself notify; null without alarms."
  value       = local.operations.topic_arn

  precondition {
    condition     = !contains(local.calling_topic_arns, local.operations_topic_arn)
    error_message = "operations.topic_arn is a topic that a function listens to: an alarm about Day2 would call Day2. Name another topic, or take it out of alarm_topic_arns and finding_topic_arns."
  }
}

output "alarms" {
  description = "Names of the alarms about Day2 itself."
  value = sort(concat(
    flatten([for function in values(local.deployed) : function.health_alarms]),
    aws_cloudwatch_metric_alarm.failures[*].alarm_name,
    aws_cloudwatch_metric_alarm.watchdog[*].alarm_name,
    [for alarm in aws_cloudwatch_metric_alarm.undelivered : alarm.alarm_name],
  ))
}

output "forwarding_statement" {
  description = "Statement for the policy of the default event bus that lets forwarding_roles put alarms and findings there, as JSON; null without such roles."
  value       = local.forwarding_statement == null ? null : jsonencode(local.forwarding_statement)
}

output "report_bucket" {
  description = "Name of the bucket with the reports."
  value       = aws_s3_bucket.reports.bucket
}

output "journal_table" {
  description = "Name of the DynamoDB table with run history, heartbeats and publications."
  value       = aws_dynamodb_table.journal.name
}

output "failure_queue_url" {
  description = "URL of the queue with events that could not be delivered or handled."
  value       = aws_sqs_queue.failures.url
}

output "failure_queue_arn" {
  description = "ARN of the queue with events that could not be delivered or handled."
  value       = aws_sqs_queue.failures.arn
}

output "key_arn" {
  description = "ARN of the KMS key of mails and logs. Whoever else publishes to the topic needs kms:Decrypt and kms:GenerateDataKey on it."
  value       = aws_kms_key.this.arn
}

output "settings" {
  description = "The settings document of each function, as the function reads it."
  value       = local.settings_documents
}
