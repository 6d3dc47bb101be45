variable "name" {
  description = "Name of the deployment that the events are for; begins the name of every resource."
  type        = string
  default     = "day2"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.name))
    error_message = "name must be 1 to 20 characters of a-z, 0-9 and -, beginning with a letter and not ending with -."
  }
}

variable "event_bus_arn" {
  description = "ARN of the default event bus of the deployment's account and region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/default$", var.event_bus_arn))
    error_message = "event_bus_arn must be a default event bus: arn:aws:events:us-east-1:123456789012:event-bus/default. The rules of the functions look nowhere else."
  }
}

variable "alarm_arns" {
  description = "ARNs of the alarms of this account and region that a function of the deployment is bound to."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_arns : can(regex("^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.+$", arn))])
    error_message = "alarm_arns must be ARNs of CloudWatch alarms: arn:aws:cloudwatch:us-east-1:123456789012:alarm:name."
  }
}

variable "findings" {
  description = "Whether GuardDuty findings of this account and region are forwarded."
  type        = bool
  default     = false
  nullable    = false
}

variable "failure_queue_arn" {
  description = "ARN of a standard queue of this account and region that keeps events which could not be forwarded; null takes the one that the module makes. The policy of yours must let events.amazonaws.com send, from the rules named `<name>-forward-…`. Encrypted with KMS it needs a customer managed key whose policy lets events.amazonaws.com use kms:GenerateDataKey and kms:Decrypt. It must hold nothing else: the alarm rings for whatever lies in it."
  type        = string
  default     = null

  validation {
    condition     = var.failure_queue_arn == null ? true : can(regex("^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.failure_queue_arn))
    error_message = "failure_queue_arn must be the ARN of an SQS standard queue: arn:aws:sqs:us-east-1:123456789012:name."
  }
}

variable "alarm_topic_arn" {
  description = "ARN of an SNS topic of this account and region that is told when an event could not be forwarded; null makes the alarm and tells nobody. Its policy, and that of its key, must let cloudwatch.amazonaws.com publish."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null ? true : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS standard topic: arn:aws:sns:us-east-1:123456789012:name."
  }
}

variable "permissions_boundary_arn" {
  description = "ARN of a permissions boundary for the role; null for none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}
