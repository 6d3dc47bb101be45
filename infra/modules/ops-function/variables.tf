variable "name" {
  description = "Name of the function in kebab-case, for example `scale-window`. The Lambda function is called `<name_prefix>-<name>`."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 30
    error_message = "name must be at most 30 characters of a-z, 0-9 and -, for example scale-window."
  }
}

variable "name_prefix" {
  description = "Name of the deployment; begins the name of every resource."
  type        = string
}

variable "description" {
  description = "What the function is for, in one sentence."
  type        = string
}

variable "package" {
  description = "Path of the zip file that holds the executable `bootstrap`."
  type        = string
}

variable "architecture" {
  description = "Instruction set of the package: `arm64` or `x86_64`."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "memory_mb" {
  description = "Memory of the function in MB."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "memory_mb must be a whole number from 128 to 10240."
  }
}

variable "timeout_seconds" {
  description = "Longest time of one run in seconds."
  type        = number
  default     = 120
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds must be a whole number from 1 to 900: Lambda ends a run after fifteen minutes."
  }
}

variable "reserved_concurrency" {
  description = "Concurrent runs reserved for the function; null reserves none. An account must keep 100 unreserved, and a new account may have 10 in all."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null ? true : var.reserved_concurrency >= 1
    error_message = "reserved_concurrency must be null or at least 1: with 0 the function could never run."
  }
}

variable "environment" {
  description = "Environment variables of the function."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "trigger" {
  description = "Text of the function's trigger.json."
  type        = string

  validation {
    condition     = can([for s in jsondecode(var.trigger).schedules : "${s.task}${s.cron}"]) && can(length(jsondecode(var.trigger).event_patterns))
    error_message = "trigger must be JSON with `schedules` (a list of task and cron) and `event_patterns` (a list, may be empty)."
  }
}

variable "alarm_arns" {
  description = "ARNs of the alarms that stand for `$${alarm_arns}` in the event patterns of trigger.json."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_arns : can(regex("^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.+$", arn))])
    error_message = "alarm_arns must be ARNs of CloudWatch alarms: arn:aws:cloudwatch:us-east-1:123456789012:alarm:name."
  }

  validation {
    condition     = length(var.alarm_arns) == 0 || strcontains(var.trigger, "\"$${alarm_arns}\"")
    error_message = "alarm_arns are given, but no event pattern of trigger.json stands on [\"$${alarm_arns}\"]: the alarms would call nobody."
  }
}

variable "alarm_topic_arns" {
  description = "ARNs of SNS topics that alarms notify and that the function subscribes to."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "alarm_topic_arns must be ARNs of SNS standard topics: arn:aws:sns:us-east-1:123456789012:name."
  }
}

variable "calling_alarm_arns" {
  description = "ARNs of the alarms that may call the function as an action of their own."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.calling_alarm_arns : can(regex("^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.+$", arn))])
    error_message = "calling_alarm_arns must be ARNs of CloudWatch alarms: arn:aws:cloudwatch:us-east-1:123456789012:alarm:name."
  }

  # A statement takes up to about 700 bytes. Lambda quota: 20 kB for the resource-based policy of a function.
  validation {
    condition     = length(var.calling_alarm_arns) <= 20
    error_message = "At most 20 alarms can call the function as their own action: Lambda keeps one statement for each in a policy of 20 kB. Let the others come by the event rule or by a topic."
  }
}

variable "schedule_overrides" {
  description = "Schedule expressions by task, instead of those in trigger.json."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for e in values(var.schedule_overrides) : can(regex("^(cron|rate|at)\\(.+\\)$", e))])
    error_message = "A schedule must look like cron(30 6 * * ? *), rate(5 minutes) or at(2026-03-02T06:30:00)."
  }

  validation {
    condition     = alltrue([for task in keys(var.schedule_overrides) : contains(try(jsondecode(var.trigger).schedules[*].task, []), task)])
    error_message = "schedule_overrides names a task that trigger.json does not schedule."
  }
}

variable "schedules_enabled" {
  description = "Whether the schedules fire."
  type        = bool
  default     = true
  nullable    = false
}

variable "targets" {
  description = "Names of the targets that each scheduled task looks at."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for t in var.targets : can(regex("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", t))])
    error_message = "A target's name must be 1 to 40 characters of a-z, 0-9 and -, beginning and ending with a letter or digit."
  }
}

variable "zone" {
  description = "IANA time zone of the schedules, for example `America/New_York`."
  type        = string
}

variable "permissions_file" {
  description = "Path of the function's permissions.json."
  type        = string
}

variable "permission_values" {
  description = "Values of the placeholders in permissions.json that depend on the deployment. A list is joined by `\", \"`; an empty value switches the statement off that stands on it alone."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "permissions_boundary_arn" {
  description = "ARN of a permissions boundary for the roles; null for none."
  type        = string
  default     = null
}

variable "failure_queue_arn" {
  description = "ARN of the queue that keeps events which could not be delivered or handled."
  type        = string
}

variable "max_retries" {
  description = "How often a failed event is tried again."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([0, 1, 2], var.max_retries)
    error_message = "max_retries must be 0, 1 or 2, the limits of Lambda."
  }
}

variable "max_event_age_seconds" {
  description = "How long an event is kept for retries, in seconds. After that it is stale and goes to the failure queue."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.max_event_age_seconds >= 60 && var.max_event_age_seconds <= 21600
    error_message = "max_event_age_seconds must be from 60 to 21600, the limits of Lambda."
  }
}

variable "operations" {
  description = "How the function itself is watched: the topic that alarms about it notify (null makes none), and whether its runs are traced by X-Ray."
  type = object({
    topic_arn = optional(string)
    tracing   = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.operations.topic_arn == null ? true : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.operations.topic_arn))
    error_message = "operations.topic_arn must be the ARN of an SNS standard topic: arn:aws:sns:us-east-1:123456789012:name."
  }
}

variable "log_retention_days" {
  description = "How long the log is kept, in days."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a value that CloudWatch Logs offers: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653. Keeping a log for ever is not offered."
  }
}

variable "log_level" {
  description = "Least level of the function's own log lines: TRACE, DEBUG or INFO. Above INFO there would be no metrics: their lines have no level, so that Lambda takes them for INFO and sends them on no more."
  type        = string
  default     = "INFO"
  nullable    = false

  # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO"], var.log_level)
    error_message = "log_level must be TRACE, DEBUG or INFO. Above INFO Lambda keeps back the lines of the metrics."
  }
}

variable "log_key_arn" {
  description = "ARN of the KMS key that encrypts the log; null for the key of CloudWatch Logs."
  type        = string
  default     = null
}

variable "vpc" {
  description = "Subnets and security groups for functions that must reach private endpoints; null runs the function outside a VPC."
  type = object({
    subnet_ids         = set(string)
    security_group_ids = set(string)
  })
  default = null

  validation {
    condition     = var.vpc == null ? true : length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0
    error_message = "vpc needs at least one subnet and one security group; leave it null to run outside a VPC."
  }
}

variable "access_entry_clusters" {
  description = "EKS clusters in which the function gets an access entry for the group `day2:<name>`."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}
