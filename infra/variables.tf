variable "name" {
  description = "Name of this deployment; begins the name of every resource and every mail subject."
  type        = string
  default     = "day2"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.name))
    error_message = "name must be 1 to 20 characters of a-z, 0-9 and -, beginning with a letter and not ending with -."
  }
}

variable "zone" {
  description = "IANA time zone of the schedules, the calendar and all local times, for example `America/New_York`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(UTC|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Etc|Indian|Pacific)(/[A-Za-z0-9_+-]+){1,2})$", var.zone))
    error_message = "zone must be UTC or an IANA name such as America/New_York or Europe/Berlin; abbreviations like EST do not know daylight saving time."
  }
}

variable "package_dir" {
  description = "Folder with one zip file per function, `<function>.zip`, as `make package` leaves them; each holds the executable `bootstrap`."
  type        = string
  nullable    = false
}

variable "architecture" {
  description = "Instruction set of the packages: `arm64` (as `make package` builds them) or `x86_64`."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "calendar" {
  description = "On which days the scheduled checks run: working days, holidays that rest, and exceptions that overrule both."
  type = object({
    working_days = optional(list(string), ["mon", "tue", "wed", "thu", "fri"])
    holidays     = optional(list(object({ date = string, name = string })), [])
    exceptions   = optional(list(object({ date = string, runs = bool, why = string })), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.calendar.working_days) > 0 && alltrue([for d in var.calendar.working_days : contains(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], d)])
    error_message = "calendar.working_days must name at least one of mon, tue, wed, thu, fri, sat, sun."
  }

  validation {
    condition     = length(distinct(var.calendar.working_days)) == length(var.calendar.working_days)
    error_message = "calendar.working_days names a day twice."
  }

  validation {
    condition = alltrue([
      for day in concat(var.calendar.holidays[*].date, var.calendar.exceptions[*].date) :
      can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", day)) && can(formatdate("YYYY", "${day}T00:00:00Z"))
    ])
    error_message = "A date of the calendar must be a day that exists, written like 2026-12-25."
  }

  validation {
    condition     = length(distinct(var.calendar.exceptions[*].date)) == length(var.calendar.exceptions) && length(distinct(var.calendar.holidays[*].date)) == length(var.calendar.holidays)
    error_message = "calendar.holidays or calendar.exceptions names one day twice."
  }
}

variable "email_subscriptions" {
  description = "Addresses that get the reports. Each gets a mail with a link that must be followed once."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for a in var.email_subscriptions : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", a))])
    error_message = "email_subscriptions must be mail addresses such as sre@example.com."
  }
}

variable "history_days" {
  description = "How many days of earlier verdicts a report shows."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.history_days >= 1 && var.history_days <= 90 && floor(var.history_days) == var.history_days
    error_message = "history_days must be a whole number from 1 to 90."
  }
}

variable "schedules_enabled" {
  description = "Whether the schedules fire. Switch them off to deploy without running anything."
  type        = bool
  default     = true
  nullable    = false
}

variable "report_bucket_name" {
  description = "Name of the bucket for reports; `<name>-reports-<account>-<region>` by default."
  type        = string
  default     = null

  validation {
    condition     = var.report_bucket_name == null ? true : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.report_bucket_name))
    error_message = "report_bucket_name must be 3 to 63 characters of a-z, 0-9 and -."
  }
}

variable "report_retention_days" {
  description = "How long reports are kept, in days; null leaves the lifecycle of the bucket to you."
  type        = number
  default     = 365

  validation {
    condition     = var.report_retention_days == null ? true : var.report_retention_days >= 30 && floor(var.report_retention_days) == var.report_retention_days
    error_message = "report_retention_days must be a whole number of at least 30."
  }
}

variable "reports_force_destroy" {
  description = "Whether `terraform destroy` may delete the bucket together with the reports in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "journal_deletion_protection" {
  description = "Whether the journal table refuses to be deleted."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_days" {
  description = "How long logs are kept, in days: a value that CloudWatch Logs offers."
  type        = number
  default     = 90
  nullable    = false
}

variable "log_level" {
  description = "Least level of the functions' own log lines: TRACE, DEBUG or INFO. Above INFO there would be no metrics: their lines have no level, so that Lambda takes them for INFO and sends them on no more."
  type        = string
  default     = "INFO"
  nullable    = false

  # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO"], var.log_level)
    error_message = "log_level must be TRACE, DEBUG or INFO. Above INFO Lambda keeps back the lines of the metrics: there would be no heartbeat, and the dashboard would be empty."
  }
}

variable "vpc" {
  description = "Subnets and security groups for functions that must reach private endpoints; null runs them outside a VPC. The subnets need a way to the AWS APIs (NAT gateway or interface endpoints)."
  type = object({
    subnet_ids         = set(string)
    security_group_ids = set(string)
  })
  default = null
}

variable "permissions_boundary_arn" {
  description = "ARN of a permissions boundary for every role; null for none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource, beside `day2:deployment`."
  type        = map(string)
  default     = {}
  nullable    = false
}
