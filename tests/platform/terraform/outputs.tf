output "functions" {
  value = module.day2.functions
}

output "topic_arn" {
  value = module.day2.topic_arn
}

output "report_bucket" {
  value = module.day2.report_bucket
}

output "journal_table" {
  value = module.day2.journal_table
}

output "failure_queue_url" {
  value = module.day2.failure_queue_url
}

output "failure_queue_arn" {
  value = module.day2.failure_queue_arn
}

output "key_arn" {
  value = module.day2.key_arn
}

output "settings" {
  value = module.day2.settings
}

output "operations_topic_arn" {
  value = module.day2.operations_topic_arn
}
