variable "doctor" {
  description = "The function doctor, which proves that the others could work. It is deployed with the first of them; null leaves it out, and then what is missing shows when it is needed."
  type = object({
    mail                 = optional(string, "always") # or on_change, daily
    schedules            = optional(map(string), {})  # task (examine) → cron(…), instead of cron(40 5 ? * MON *)
    memory_mb            = optional(number, 256)
    timeout_seconds      = optional(number, 300)
    reserved_concurrency = optional(number)
    canary               = optional(bool, true)      # whether a message is sent through a topic with the key of the mails, to a queue of its own
    answer_seconds       = optional(number, 60)      # longest wait for the self-check of one function
    not_checked          = optional(map(string), {}) # function/CODE or function/CODE/target of a self-check → why it counts for nothing
  })
  default = {}

  validation {
    condition     = var.doctor == null ? true : contains(["always", "daily", "on_change"], var.doctor.mail)
    error_message = "doctor.mail must be always, daily or on_change."
  }

  validation {
    condition     = var.doctor == null ? true : alltrue([for task in keys(var.doctor.schedules) : task == "examine"])
    error_message = "doctor.schedules knows the task examine."
  }

  validation {
    condition     = var.doctor == null ? true : var.doctor.answer_seconds >= 5 && var.doctor.answer_seconds <= 300 && floor(var.doctor.answer_seconds) == var.doctor.answer_seconds
    error_message = "doctor.answer_seconds must be a whole number from 5 to 300."
  }

  validation {
    condition = var.doctor == null ? true : alltrue([
      for line, reason in var.doctor.not_checked : can(regex("^[a-z0-9-]+/[A-Z]{3}-[0-9]{3}(/[a-z0-9-]+)?$", line)) && trimspace(reason) != ""
    ])
    error_message = "doctor.not_checked names lines of self-checks as function/CODE or function/CODE/target, each with the reason why it counts for nothing."
  }
}
