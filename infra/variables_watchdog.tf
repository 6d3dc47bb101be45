variable "watchdog" {
  description = "The function watchdog, which says which scheduled report is missing. It is deployed with the first function that has a schedule; null leaves it out, and then nobody notices a report that does not come."
  type = object({
    mail                 = optional(string, "on_change") # or always: a mail every half hour
    schedules            = optional(map(string), {})     # task (look) → rate(…), instead of rate(30 minutes)
    memory_mb            = optional(number, 256)
    timeout_seconds      = optional(number, 120)
    reserved_concurrency = optional(number)
    silent_hours         = optional(number, 2)       # from how long without a heartbeat of the watchdog itself its alarm rings, 2 to 24
    not_watched          = optional(map(string), {}) # function/task or function/task/target → why it may be silent
  })
  default = {}

  validation {
    condition     = var.watchdog == null ? true : contains(["always", "daily", "on_change"], var.watchdog.mail)
    error_message = "watchdog.mail must be always, daily or on_change."
  }

  validation {
    condition     = var.watchdog == null ? true : alltrue([for task in keys(var.watchdog.schedules) : task == "look"])
    error_message = "watchdog.schedules knows the task look."
  }

  validation {
    condition     = var.watchdog == null ? true : var.watchdog.silent_hours >= 2 && var.watchdog.silent_hours <= 24 && floor(var.watchdog.silent_hours) == var.watchdog.silent_hours
    error_message = "watchdog.silent_hours must be a whole number from 2 to 24: the watchdog looks every half hour, and the alarm by thirds of it."
  }

  validation {
    condition = var.watchdog == null ? true : alltrue([
      for name, reason in var.watchdog.not_watched : can(regex("^[a-z0-9-]+/[a-z0-9-]+(/[a-z0-9-]+)?$", name)) && trimspace(reason) != ""
    ])
    error_message = "watchdog.not_watched names schedules as function/task or function/task/target, each with the reason why it may be silent."
  }
}
