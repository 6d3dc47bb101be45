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

  # Two looks must fit, so that the alarm does not ring for one that is late. How far those of a cron(…) lie apart cannot be told here.
  validation {
    condition = var.watchdog == null ? true : alltrue([
      for every in regexall("^rate\\(([0-9]+) (minute|hour|day)s?\\)$", lookup(var.watchdog.schedules, "look", "")) :
      2 * tonumber(every[0]) * { minute = 1, hour = 60, day = 1440 }[every[1]] <= var.watchdog.silent_hours * 60
    ])
    error_message = "watchdog.silent_hours (2 by default) must be at least twice the time between two looks (watchdog.schedules): else the alarm about a silent watchdog rings before each look and stops after it. Set more silent_hours, at most 24, or let it look more often."
  }

  validation {
    condition = var.watchdog == null ? true : alltrue([
      for name, reason in var.watchdog.not_watched : can(regex("^[a-z0-9-]+/[a-z0-9-]+(/[a-z0-9-]+)?$", name)) && trimspace(reason) != ""
    ])
    error_message = "watchdog.not_watched names schedules as function/task or function/task/target, each with the reason why it may be silent."
  }
}
