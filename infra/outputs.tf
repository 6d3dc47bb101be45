output "functions" {
  description = "The deployed functions by name: Lambda name and ARN, role, log group, Kubernetes group, schedules, what else calls it, and the clusters that it enters."
  value = {
    for name, function in {
      backup-verification   = one(module.backup_verification)
      connection-exhaustion = one(module.connection_exhaustion)
      evidence-audit        = one(module.evidence_audit)
      ha-status             = one(module.ha_status)
      health-check          = one(module.health_check)
      lease-sweeper         = one(module.lease_sweeper)
      provisioning-latency  = one(module.provisioning_latency)
      scale-window          = one(module.scale_window)
      threat-containment    = one(module.threat_containment)
      } : name => {
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
    } if function != null
  }
}

output "topic_arn" {
  description = "ARN of the topic that the reports are mailed through."
  value       = aws_sns_topic.reports.arn
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
