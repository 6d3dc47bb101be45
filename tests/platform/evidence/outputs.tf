output "evidence" {
  description = "The variable `evidence` of infra/."
  value       = module.evidence.evidence
}
