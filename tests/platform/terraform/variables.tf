variable "endpoint" {
  description = "URL of the emulator, for example `http://127.0.0.1:4566`."
  type        = string

  validation {
    condition     = can(regex("^http://(127\\.0\\.0\\.1|localhost):[0-9]+$", var.endpoint))
    error_message = "endpoint must be http on the loopback address: this root never talks to real AWS."
  }
}

variable "region" {
  description = "Region of the emulator."
  type        = string
  default     = "us-east-1"
}

# The rest is handed to infra/ as it is; types, defaults and validation are there. Null is its default.

variable "name" {
  type    = string
  default = null
}

variable "zone" {
  type = string
}

variable "package_dir" {
  type = string
}

# The functions run as processes of this machine.
variable "architecture" {
  type    = string
  default = "x86_64"
}

variable "targets" {
  type = any
}

variable "calendar" {
  type    = any
  default = null
}

variable "email_subscriptions" {
  type    = any
  default = null
}

variable "history_days" {
  type    = number
  default = null
}

variable "schedules_enabled" {
  type    = bool
  default = null
}

# Null saves half a minute of the provider waiting for S3 to agree with itself.
variable "report_retention_days" {
  type    = number
  default = 365
}

# Off and on against the defaults of infra/, so that the platform can be taken down with what it made.
variable "reports_force_destroy" {
  type    = bool
  default = true
}

variable "journal_deletion_protection" {
  type    = bool
  default = false
}

variable "log_level" {
  type    = string
  default = null
}

variable "scale_window" {
  type    = any
  default = null
}

variable "provisioning_latency" {
  type    = any
  default = null
}

variable "connection_exhaustion" {
  type    = any
  default = null
}

variable "lease_sweeper" {
  type    = any
  default = null
}

variable "evidence" {
  type    = any
  default = null
}

variable "evidence_audit" {
  type    = any
  default = null
}

variable "watchdog" {
  type    = any
  default = {}
}

variable "operations" {
  type    = any
  default = null
}

variable "threat_containment" {
  type    = any
  default = null
}

variable "threat_release" {
  type    = any
  default = null
}

variable "doctor" {
  type    = any
  default = null
}

variable "health_check" {
  type    = any
  default = null
}

variable "backup_verification" {
  type    = any
  default = null
}

variable "ha_status" {
  type    = any
  default = null
}
