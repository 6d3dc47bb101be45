variable "name" {
  description = "Name of the deployment whose functions write and audit: the variable `name` of the main root."
  type        = string
  default     = "day2"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.name))
    error_message = "name must be 1 to 20 characters of a-z, 0-9 and -, beginning with a letter and not ending with -."
  }
}

variable "retention_mode" {
  description = "How Object Lock keeps evidence: `compliance` (nobody deletes it before the end, not even the account's root) or `governance` (the bucket policy and special permissions stand in the way). There is no default: the choice is a legal one."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["compliance", "governance"], var.retention_mode)
    error_message = "retention_mode must be compliance or governance."
  }
}

variable "retention_days" {
  description = "How long evidence is kept at least, in days, 1 to 36500. There is no default. In compliance mode an object keeps the days that were in force when it was written."
  type        = number
  nullable    = false

  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 36500 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be a whole number from 1 to 36500."
  }
}

variable "expire_after_days" {
  description = "When evidence is deleted, in days after it was written; null keeps it until somebody decides."
  type        = number
  default     = null

  validation {
    condition     = var.expire_after_days == null ? true : var.expire_after_days > var.retention_days && floor(var.expire_after_days) == var.expire_after_days
    error_message = "expire_after_days must be a whole number above retention_days: until then S3 deletes nothing."
  }
}

variable "bucket_name" {
  description = "Name of the bucket; `<name>-evidence-<account>-<region>` by default."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_name == null ? true : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name must be 3 to 63 characters of a-z, 0-9 and -."
  }
}

variable "writer_functions" {
  description = "Functions that write evidence. Their roles may use the key to encrypt and never to decrypt."
  type        = set(string)
  default     = ["threat-containment"]
  nullable    = false

  validation {
    condition     = length(var.writer_functions) > 0
    error_message = "writer_functions names nobody: no evidence could be written."
  }

  validation {
    condition     = length(setintersection(var.writer_functions, var.auditor_functions)) == 0
    error_message = "A function is in writer_functions and in auditor_functions; who writes evidence must not read it."
  }
}

variable "auditor_functions" {
  description = "Functions that read evidence to audit it. Their roles may use the key to decrypt."
  type        = set(string)
  default     = ["evidence-audit"]
  nullable    = false
}

variable "investigator_arns" {
  description = "ARNs of roles of people who investigate and may decrypt; `*` and `?` match, as in roles of IAM Identity Center. They also need permission to read the bucket."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.investigator_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[^*?]+", arn))])
    error_message = "investigator_arns must be ARNs of roles or users, with a name that begins without a wildcard: arn:aws:iam::123456789012:role/forensics."
  }
}

variable "access_log_bucket" {
  description = "Bucket that gets the access log of the evidence bucket; null for none (CloudTrail data events tell more, and cost more)."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource, beside `day2:deployment`."
  type        = map(string)
  default     = {}
  nullable    = false
}
