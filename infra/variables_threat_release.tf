variable "threat_release" {
  description = "The function threat-release: undoes the containment of one pod, when a person asks and approves. Null does not deploy it; a containment is then undone by hand."
  type = object({
    memory_mb            = optional(number, 256)
    timeout_seconds      = optional(number, 300)
    reserved_concurrency = optional(number)

    safety = object({
      mode                  = string               # observe (plans only) or approve; a release is never automatic
      cool_down_minutes     = optional(number)     # 5 to 1440, default 30; an approval does not wait for it
      max_event_age_minutes = optional(number)     # 1 to 360, default 15
      max_actions_per_day   = optional(number, 12) # 1 to 48
      max_steps             = optional(number, 9)  # 9 to 20: a whole release takes up to 9
      approval_minutes      = optional(number)     # 5 to 1440, default 60
    })

    targets = set(string) # whose containments may be undone
  })
  default = null

  validation {
    condition     = var.threat_release == null ? true : contains(["observe", "approve"], var.threat_release.safety.mode)
    error_message = "threat_release.safety.mode must be observe or approve: a containment is never undone without a person."
  }

  validation {
    condition     = var.threat_release == null ? true : length(var.threat_release.targets) > 0 && length(setsubtract(var.threat_release.targets, var.targets[*].name)) == 0
    error_message = "threat_release.targets must name targets of this deployment, at least one."
  }

  validation {
    condition     = var.threat_release == null ? true : alltrue([for target in var.targets : target.cluster != null if contains(var.threat_release.targets, target.name)])
    error_message = "threat_release.targets must have a cluster each: there is nothing to release elsewhere."
  }

  validation {
    condition = var.threat_release == null ? true : alltrue([
      for range in [
        [var.threat_release.safety.cool_down_minutes, 5, 1440], [var.threat_release.safety.max_event_age_minutes, 1, 360],
        [var.threat_release.safety.max_actions_per_day, 1, 48], [var.threat_release.safety.max_steps, 9, 20],
        [var.threat_release.safety.approval_minutes, 5, 1440],
      ] : range[0] == null ? true : range[0] >= range[1] && range[0] <= range[2] && floor(range[0]) == range[0]
    ])
    error_message = "threat_release.safety needs whole numbers: cool_down_minutes and approval_minutes 5 to 1440, max_event_age_minutes 1 to 360, max_actions_per_day 1 to 48, max_steps 9 to 20."
  }
}
