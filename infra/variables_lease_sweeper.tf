variable "lease_sweeper" {
  description = "The function lease-sweeper, which has temporary changes taken back. It is deployed whenever a function is that changes something."
  type = object({
    mail                 = optional(string, "on_change") # or always: a mail every five minutes
    schedules            = optional(map(string), {})     # task (sweep) → rate(…), instead of rate(5 minutes)
    memory_mb            = optional(number, 256)
    timeout_seconds      = optional(number, 600)
    reserved_concurrency = optional(number)
    max_per_run          = optional(number) # most changes taken up in one run of a target, 1 to 100, default 20
    overdue_minutes      = optional(number) # from when a change that should be over is reported, 5 to 1440, default 30
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["always", "daily", "on_change"], var.lease_sweeper.mail)
    error_message = "lease_sweeper.mail must be always, daily or on_change."
  }

  validation {
    condition     = alltrue([for task in keys(var.lease_sweeper.schedules) : task == "sweep"])
    error_message = "lease_sweeper.schedules knows the task sweep."
  }

  validation {
    condition = alltrue([
      for range in [[var.lease_sweeper.max_per_run, 1, 100], [var.lease_sweeper.overdue_minutes, 5, 1440]] :
      range[0] == null ? true : range[0] >= range[1] && range[0] <= range[2] && floor(range[0]) == range[0]
    ])
    error_message = "lease_sweeper needs whole numbers: max_per_run 1 to 100, overdue_minutes 5 to 1440."
  }

  # It waits for the function that takes a change back, and then reads, publishes and records.
  validation {
    condition = alltrue([
      for seconds in [try(var.provisioning_latency.timeout_seconds, 0), try(var.connection_exhaustion.timeout_seconds, 0)] :
      var.lease_sweeper.timeout_seconds >= seconds + 60
    ])
    error_message = "lease_sweeper.timeout_seconds must be at least 60 above the time-out of every function that changes something: it waits for their answers."
  }
}
