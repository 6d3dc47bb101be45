variable "ha_status" {
  description = "The function ha-status: pairs of clusters of which either may serve. Null does not deploy it."
  type = object({
    mail                 = optional(string, "on_change") # a transition mails at once; always mails every five minutes
    schedules            = optional(map(string), {})     # task (probe) → rate(…), instead of every five minutes
    memory_mb            = optional(number, 256)
    timeout_seconds      = optional(number, 60)
    reserved_concurrency = optional(number)

    # By the name of the pair, in mails, reports and schedules.
    pairs = map(object({
      primary = object({
        target            = string                     # name of a platform in targets
        min_ready_nodes   = number                     # that it should have
        min_serving_nodes = optional(number, 1)        # with fewer it is unavailable
        groups            = optional(list(string), []) # Auto Scaling groups of its nodes
        queue = optional(object({                      # by the metric of its depth
          namespace  = string                          # for example AWS/SQS
          metric     = string                          # for example ApproximateNumberOfMessagesVisible
          dimensions = optional(map(string), {})
          max_depth  = number
        }))
      })
      secondary = object({
        target            = string                     # name of a platform in targets
        min_ready_nodes   = number                     # that it should have
        min_serving_nodes = optional(number, 1)        # with fewer it is unavailable
        groups            = optional(list(string), []) # Auto Scaling groups of its nodes
        queue = optional(object({                      # by the metric of its depth
          namespace  = string                          # for example AWS/SQS
          metric     = string                          # for example ApproximateNumberOfMessagesVisible
          dimensions = optional(map(string), {})
          max_depth  = number
        }))
      })

      topic_arn     = optional(string) # where its mails go; the deployment's topic by default
      topic_key_arn = optional(string) # key of that topic, if it has one

      disabled = optional(string) # why high availability is switched off on purpose

      detection = optional(object({
        failed_probes  = optional(number, 3)  # in a row, until a side counts as unavailable
        failed_minutes = optional(number, 10) # over at least
        good_probes    = optional(number, 2)  # in a row, until it is believed again
        agreeing_looks = optional(number, 3)  # in a row, until anything else is told or taken back
        max_latency_ms = optional(number, 2000)
      }), {})

      capacity = optional(object({
        max_requested_percent = optional(number) # 80
        max_node_difference   = optional(number) # not compared by default
        peak = optional(object({                 # what the pair must carry; what both sides carry by default
          cpu_cores  = number
          memory_gib = number
          pods       = number
        }))
      }), {})

      provisioning_minutes = optional(number, 60) # a side that is being made is expected to be missing for so long

      severity = optional(object({
        one_side   = optional(object({ name = string, respond_minutes = number }), { name = "P1", respond_minutes = 30 })
        both_sides = optional(object({ name = string, respond_minutes = number }), { name = "P0", respond_minutes = 0 })
      }), {})

      not_checked = optional(list(string), []) # groups, queue: what is left out on purpose
    }))
  })
  default = null

  validation {
    condition     = var.ha_status == null ? true : contains(["always", "daily", "on_change"], var.ha_status.mail)
    error_message = "ha_status.mail must be always, daily or on_change."
  }

  validation {
    condition     = var.ha_status == null ? true : alltrue([for task in keys(var.ha_status.schedules) : task == "probe"])
    error_message = "ha_status.schedules knows the task probe."
  }

  validation {
    condition     = var.ha_status == null ? true : length(var.ha_status.pairs) > 0
    error_message = "ha_status.pairs is empty: name at least one pair, or set ha_status = null to leave the function out."
  }

  validation {
    condition     = var.ha_status == null ? true : alltrue([for name in keys(var.ha_status.pairs) : can(regex("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", name)) && !contains(var.targets[*].name, name)])
    error_message = "The name of a pair must be at most 40 characters of a-z, 0-9 and -, and differ from those of all targets."
  }

  validation {
    condition = var.ha_status == null ? true : alltrue(flatten([
      for pair in values(var.ha_status.pairs) : [
        for side in [pair.primary, pair.secondary] : length([for t in var.targets : t if t.name == side.target && t.cluster != null]) > 0
      ]
    ]))
    error_message = "A side names a platform that is not in targets, or has no cluster."
  }

  validation {
    condition     = var.ha_status == null ? true : alltrue([for pair in values(var.ha_status.pairs) : pair.primary.target != pair.secondary.target])
    error_message = "Both sides of a pair are the same platform."
  }

  validation {
    condition = var.ha_status == null ? true : alltrue(flatten([
      for pair in values(var.ha_status.pairs) : [
        for side in [pair.primary, pair.secondary] : side.min_serving_nodes >= 1 && side.min_serving_nodes <= side.min_ready_nodes
      ]
    ]))
    error_message = "min_serving_nodes must be at least 1 and at most min_ready_nodes: zero nodes would prove nothing."
  }

  validation {
    condition     = var.ha_status == null ? true : alltrue([for pair in values(var.ha_status.pairs) : trimspace(coalesce(pair.disabled, "-")) != ""])
    error_message = "disabled needs a reason; leave it out to watch the pair."
  }

  validation {
    condition = var.ha_status == null ? true : alltrue([
      for d in values(var.ha_status.pairs)[*].detection : min(d.failed_probes, d.good_probes, d.agreeing_looks, d.max_latency_ms) >= 1 && d.failed_minutes >= 0
    ])
    error_message = "detection needs numbers of probes of at least 1: with 0 nothing would be believed."
  }

  validation {
    condition     = var.ha_status == null ? true : alltrue([for pair in values(var.ha_status.pairs) : pair.provisioning_minutes >= 1])
    error_message = "provisioning_minutes must be at least 1."
  }

  validation {
    condition = var.ha_status == null ? true : alltrue([
      for pair in values(var.ha_status.pairs) : coalesce(pair.capacity.max_requested_percent, 80) >= 1 && coalesce(pair.capacity.max_requested_percent, 80) <= 100
    ])
    error_message = "capacity.max_requested_percent must be from 1 to 100."
  }

  validation {
    condition     = var.ha_status == null ? true : alltrue([for pair in values(var.ha_status.pairs) : pair.capacity.peak == null ? true : pair.capacity.peak.cpu_cores + pair.capacity.peak.memory_gib + pair.capacity.peak.pods > 0])
    error_message = "capacity.peak is no load."
  }

  validation {
    condition = var.ha_status == null ? true : alltrue(flatten([
      for pair in values(var.ha_status.pairs) : [
        for part, declared in {
          groups = length(pair.primary.groups) + length(pair.secondary.groups) > 0
          queue  = pair.primary.queue != null || pair.secondary.queue != null
        } : declared != contains(pair.not_checked, part)
      ]
    ]))
    error_message = "Each of groups and queue must be declared for a side or be left out in writing: not_checked = [\"groups\", \"queue\"]. Not both."
  }

  validation {
    condition     = var.ha_status == null ? true : alltrue(flatten([for pair in values(var.ha_status.pairs) : [for part in pair.not_checked : contains(["groups", "queue"], part)]]))
    error_message = "not_checked knows groups and queue."
  }
}
