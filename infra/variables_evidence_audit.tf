variable "evidence_audit" {
  description = "The function evidence-audit: proves every week that the evidence is still what was saved. Null does not deploy it. Its role must be among the auditors of infra/evidence, as it is by default."
  type = object({
    mail                 = optional(string, "on_change") # or always
    schedules            = optional(map(string), {})     # task (audit) → rate(…) or cron(…), instead of rate(7 days)
    memory_mb            = optional(number, 256)
    timeout_seconds      = optional(number, 900)
    reserved_concurrency = optional(number)

    targets = map(object({
      lock_mode       = optional(string) # weakest lock that is accepted: governance (default) or compliance
      lock_ends_days  = optional(number) # from when the end of a lock is reported, 1 to 365, default 30
      recent_days     = optional(number) # how long an incomplete capture is reported, 1 to 365, default 8
      sealing_minutes = optional(number) # from when a capture without a manifest counts as interrupted, 15 to 240, default 20
      max_mebibytes   = optional(number) # most that one run reads to hash it, 1 to 100000, default 2048
    }))
  })
  default = null

  validation {
    condition     = var.evidence_audit == null ? true : var.evidence != null
    error_message = "evidence_audit needs the variable evidence: the output of infra/evidence."
  }

  validation {
    condition     = var.evidence_audit == null ? true : contains(["always", "daily", "on_change"], var.evidence_audit.mail)
    error_message = "evidence_audit.mail must be always, daily or on_change."
  }

  validation {
    condition     = var.evidence_audit == null ? true : alltrue([for task in keys(var.evidence_audit.schedules) : task == "audit"])
    error_message = "evidence_audit.schedules knows the task audit."
  }

  validation {
    condition     = var.evidence_audit == null ? true : length(var.evidence_audit.targets) > 0 && length(setsubtract(keys(var.evidence_audit.targets), var.targets[*].name)) == 0
    error_message = "evidence_audit.targets must name targets of this deployment, at least one."
  }

  validation {
    condition = var.evidence_audit == null ? true : alltrue(flatten([
      for audit in values(var.evidence_audit.targets) : [
        for range in [[audit.lock_ends_days, 1, 365], [audit.recent_days, 1, 365], [audit.sealing_minutes, 15, 240], [audit.max_mebibytes, 1, 100000]] :
        range[0] == null ? true : range[0] >= range[1] && range[0] <= range[2] && floor(range[0]) == range[0]
      ]
    ]))
    error_message = "evidence_audit.targets needs whole numbers: lock_ends_days and recent_days 1 to 365, sealing_minutes 15 to 240, max_mebibytes 1 to 100000."
  }

  validation {
    condition     = var.evidence_audit == null ? true : alltrue([for audit in values(var.evidence_audit.targets) : audit.lock_mode == null ? true : contains(["governance", "compliance"], audit.lock_mode)])
    error_message = "evidence_audit.targets: lock_mode must be governance or compliance."
  }
}
