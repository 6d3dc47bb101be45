variable "evidence" {
  description = "Bucket and key of the evidence: the output `evidence` of infra/evidence, a root of its own that is applied first. Needed by threat-containment and evidence-audit."
  type = object({
    bucket  = string
    key_arn = string
  })
  default = null

  validation {
    condition     = var.evidence == null ? true : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.evidence.bucket))
    error_message = "evidence.bucket must be the bare name of a bucket: 3 to 63 characters of a-z, 0-9 and -."
  }

  validation {
    condition     = var.evidence == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/", var.evidence.key_arn))
    error_message = "evidence.key_arn must be the ARN of a KMS key (not of an alias): arn:aws:kms:us-east-1:123456789012:key/…"
  }
}
