output "role_arn" {
  description = "ARN of the role that forwards, for `forwarding_roles` of the deployment."
  value       = "arn:${local.partition}:iam::${local.account_id}:role/${local.role_name}"
}

output "rules" {
  description = "The rules by name, with their patterns."
  value       = { for key, pattern in local.rules : "${var.name}-forward-${key}" => pattern }
}
