variable "operations" {
  description = "How Day2 itself is watched: alarms about every function, the queue of failures, the watchdog and the topics, a dashboard, and traces."
  type = object({
    alarms              = optional(bool, true)  # alarms, and the topic <name>-operations that they notify
    topic_arn           = optional(string)      # a topic of yours instead; it must let CloudWatch publish, its key too
    email_subscriptions = optional(set(string)) # who is told; those who get the reports by default
    dashboard           = optional(bool, true)  # a CloudWatch dashboard of the deployment's name
    tracing             = optional(bool, true)  # X-Ray traces of every run
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.operations.topic_arn == null ? true : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.operations.topic_arn))
    error_message = "operations.topic_arn must be the ARN of an SNS standard topic: arn:aws:sns:us-east-1:123456789012:name."
  }

  validation {
    condition     = var.operations.topic_arn == null || var.operations.email_subscriptions == null
    error_message = "operations.email_subscriptions are for the topic that is made here; subscribe people to operations.topic_arn yourself."
  }

  validation {
    condition     = alltrue([for a in coalesce(var.operations.email_subscriptions, []) : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", a))])
    error_message = "operations.email_subscriptions must be mail addresses such as sre@example.com."
  }
}

variable "invocation_trail" {
  description = "Whether a CloudTrail trail records who calls the functions (data events of Lambda), for example who approved a plan. It is kept in a bucket of its own and charged by CloudTrail per event."
  type        = bool
  default     = false
  nullable    = false
}

variable "forwarding_roles" {
  description = "Roles of other accounts that may put alarms and findings onto the default event bus here: output `role_arn` of modules/forwarding there. They become the whole policy of the default event bus; leave it empty where that bus has a policy already, and add the statement of output `forwarding_statement` to it."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.forwarding_roles : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "forwarding_roles must be ARNs of IAM roles, each by its name: arn:aws:iam::222222222222:role/day2-forward-us-east-1."
  }
}
