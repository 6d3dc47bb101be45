variable "scale_window" {
  description = "The function scale-window: per target, what the platform should look like before, at and after the daily peak. Null does not deploy it."
  type = object({
    mail                 = optional(string, "always") # always; on_change: only what is new, resolved or of another status; daily: that, and the first run of each day
    schedules            = optional(map(string), {})  # task (prescale, postscale, scaledown) → cron(…), instead of 06:30, 07:00 and 18:30
    memory_mb            = optional(number, 256)
    timeout_seconds      = optional(number, 120)
    reserved_concurrency = optional(number)

    targets = map(object({
      # What must be there at any hour.
      control = object({
        groups = list(object({
          node_group = string
          min_ready  = number # nodes
        }))
        workloads = optional(list(object({
          namespace  = string
          deployment = string
          min_nodes  = optional(number, 2) # distinct nodes under its available pods
          min_zones  = optional(number, 2)
        })), [])
      })

      # What scales with the window, in nodes.
      groups = list(object({
        node_group            = string
        before                = number                     # desired before the scale-up
        peak                  = number                     # desired at the peak
        after                 = number                     # desired after the scale-down
        min                   = number                     # minimum size before and after the peak
        max                   = number                     # maximum size
        min_on_demand_percent = optional(number)           # least share of on-demand instances at the peak
        addresses_per_node    = optional(number)           # addresses that a new node takes from its subnet at start
        vcpus_per_node        = optional(number)           # for the quota sum
        instance_types        = optional(list(string), []) # that its nodes may have at the peak; any by default
      }))

      scheduled_actions = optional(list(object({
        node_group = string
        name       = optional(string) # any with the right time and capacity by default
        at         = string           # HH:MM in the deployment's zone
        desired    = number
      })), [])

      probes = optional(list(object({
        name          = string
        url           = string
        expect_status = optional(number, 200)
        json = optional(list(object({
          pointer = string # RFC 6901, for example /healthy
          equals  = string # true, 3 and "ok" mean what they mean in JSON; the text "true" is written "\"true\""
        })), [])
        max_latency_ms = optional(number, 2000)
        min_tls_days   = optional(number, 14)
        ca_pem         = optional(string) # for endpoints behind a private CA
      })), [])

      nat_zones = optional(list(string), []) # zones that must each have an available NAT gateway, in the target's vpc_id

      alarms = optional(object({
        prefix            = optional(string, "") # every alarm of account and region by default
        ignore            = optional(list(string), [])
        expected_at_least = optional(number, 1)
      }), {})

      database = optional(object({
        max_connections_percent = optional(number) # of the effective maximum; 80 by default
        max_connections         = optional(number) # where a parameter group sets it
        max_replica_lag_ms      = optional(number, 1000)
        min_readers             = optional(number) # 1 for aurora, 0 for rds
      }), {})

      quotas = optional(list(object({
        service     = string # for example ec2
        code        = string # for example L-1216C47A: running on-demand standard instances, in vCPUs
        node_groups = list(string)
      })), [])

      limits = optional(object({
        join_minutes        = optional(number, 10)   # longest time from launch to Ready
        launches_minutes    = optional(number, 1440) # how far back failed launches count before the scale-up
        window_minutes      = optional(number)       # the same after a scaling; by default since the scheduled_actions that made it
        history_days        = optional(number, 14)   # days whose scale-up is looked at for failed launches; 0 leaves them out
        history_failed_days = optional(number, 7)    # on how many of them launches must have failed
        second_look_seconds = optional(number, 45)   # when a scale-up is not complete at the first look; 0 looks once
        pending_minutes     = optional(number, 2)    # from when a Pending pod counts
        drain_minutes       = optional(number, 15)   # how long a drain may take before it counts as stuck
        metric_minutes      = optional(number, 15)
        min_datapoints      = optional(number, 3)
      }), {})

      cost = optional(object({
        currency = optional(string, "USD")
        per_hour = optional(map(number), {}) # by instance type
      }), {})

      workspace_namespaces = optional(list(string), []) # whose running pods count as active workspaces in the evening

      # What is left out on purpose: workloads, probes, nat, database, schedule, quotas, templates. The report repeats it, so that it is never
      # green for what nobody looked at.
      not_checked = optional(list(string), [])
    }))
  })
  default = null

  validation {
    condition     = var.scale_window == null ? true : contains(["always", "daily", "on_change"], var.scale_window.mail)
    error_message = "scale_window.mail must be always, daily or on_change."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue([for task in keys(var.scale_window.schedules) : contains(["prescale", "postscale", "scaledown"], task)])
    error_message = "scale_window.schedules knows the tasks prescale, postscale and scaledown."
  }

  validation {
    condition     = var.scale_window == null ? true : length(var.scale_window.targets) > 0
    error_message = "scale_window.targets is empty: name at least one target, or set scale_window = null to leave the function out."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue([for name in keys(var.scale_window.targets) : contains(var.targets[*].name, name)])
    error_message = "scale_window.targets names a platform that is not in targets."
  }

  # Whatever names a node group must name one of its target's.
  validation {
    condition = var.scale_window == null ? true : alltrue(flatten([
      for name, plan in var.scale_window.targets : [
        for group in concat(plan.control.groups[*].node_group, plan.groups[*].node_group) :
        contains(flatten([for t in var.targets : t.node_groups[*].name if t.name == name]), group)
      ]
    ]))
    error_message = "scale_window names a node group that its target does not have; add it to the target's node_groups."
  }

  validation {
    condition = var.scale_window == null ? true : alltrue(flatten([
      for plan in values(var.scale_window.targets) : [
        for group in concat(plan.scheduled_actions[*].node_group, flatten(plan.quotas[*].node_groups)) : contains(plan.groups[*].node_group, group)
      ]
    ]))
    error_message = "A scheduled action or a quota names a node group that is not planned in groups."
  }

  validation {
    condition = var.scale_window == null ? true : alltrue(flatten([
      for plan in values(var.scale_window.targets) : [
        for group in plan.groups : group.vcpus_per_node != null if contains(flatten(plan.quotas[*].node_groups), group.node_group)
      ]
    ]))
    error_message = "A quota counts vCPUs: its node groups need vcpus_per_node."
  }

  validation {
    condition = var.scale_window == null ? true : alltrue([
      for plan in values(var.scale_window.targets) : length(distinct(plan.groups[*].node_group)) == length(plan.groups)
    ])
    error_message = "scale_window.targets[…].groups plans a node group twice."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue([for plan in values(var.scale_window.targets) : length(plan.control.groups) > 0 && length(plan.groups) > 0])
    error_message = "scale_window.targets[…] needs at least one group in control.groups and one in groups."
  }

  validation {
    condition = var.scale_window == null ? true : alltrue(flatten([
      for plan in values(var.scale_window.targets) : [
        for g in plan.groups : 0 <= g.min && g.min <= min(g.before, g.peak, g.after) && max(g.before, g.peak, g.after) <= g.max && g.before <= g.peak && g.max > 0
      ]
    ]))
    error_message = "The counts of a group must satisfy min <= before <= peak <= max and min <= after <= max: otherwise the plan cannot be reached."
  }

  validation {
    condition = var.scale_window == null ? true : alltrue(flatten([
      for plan in values(var.scale_window.targets) : [
        for n in concat(plan.groups[*].before, plan.groups[*].peak, plan.groups[*].after, plan.groups[*].min, plan.groups[*].max, plan.scheduled_actions[*].desired, plan.control.groups[*].min_ready) : n >= 0 && floor(n) == n
      ]
    ]))
    error_message = "Counts of nodes must be whole numbers of at least 0."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue(flatten([for plan in values(var.scale_window.targets) : [for g in plan.control.groups : g.min_ready >= 1]]))
    error_message = "control.groups[…].min_ready must be at least 1: zero nodes would prove nothing."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue(flatten([for plan in values(var.scale_window.targets) : [for a in plan.scheduled_actions : can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", a.at))]]))
    error_message = "scheduled_actions[…].at must be a local time from 00:00 to 23:59, for example 06:45."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue(flatten([for plan in values(var.scale_window.targets) : [for p in plan.probes : can(regex("^https?://[^/?#@\\s]+([/?#]\\S*)?$", p.url))]]))
    error_message = "probes[…].url must be an http or https URL without a user."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue([for plan in values(var.scale_window.targets) : length(distinct(plan.probes[*].name)) == length(plan.probes)])
    error_message = "Two probes of a target have the same name."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue(flatten([for plan in values(var.scale_window.targets) : [for p in plan.probes : p.expect_status >= 100 && p.expect_status <= 599 && p.max_latency_ms >= 1 && p.max_latency_ms <= 30000 && p.min_tls_days >= 0]]))
    error_message = "A probe needs expect_status from 100 to 599, max_latency_ms from 1 to 30000 and min_tls_days of at least 0."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue(flatten([for plan in values(var.scale_window.targets) : [for p in plan.probes : [for j in p.json : can(regex("^(/.*)?$", j.pointer))]]]))
    error_message = "probes[…].json[…].pointer must be a JSON pointer: it begins with /, for example /healthy."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue(flatten([for plan in values(var.scale_window.targets) : [for z in plan.nat_zones : can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+[a-z]$", z))]]))
    error_message = "nat_zones must be names of zones such as us-east-1a."
  }

  validation {
    condition = var.scale_window == null ? true : alltrue([
      for name, plan in var.scale_window.targets : length(plan.nat_zones) == 0 || length([for t in var.targets : t if t.name == name && t.vpc_id != null]) > 0
    ])
    error_message = "nat_zones are given for a target without vpc_id; add the VPC to the target."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue(flatten([for plan in values(var.scale_window.targets) : [for part in plan.not_checked : contains(["workloads", "probes", "nat", "database", "schedule", "quotas", "templates"], part)]]))
    error_message = "not_checked knows workloads, probes, nat, database, schedule, quotas and templates."
  }

  validation {
    condition = var.scale_window == null ? true : alltrue(flatten([
      for plan in values(var.scale_window.targets) : [
        for part, declared in { workloads = plan.control.workloads, probes = plan.probes, nat = plan.nat_zones, schedule = plan.scheduled_actions, quotas = plan.quotas } : (length(declared) > 0) != contains(plan.not_checked, part)
      ]
    ]))
    error_message = "Each of control.workloads, probes, nat_zones, scheduled_actions and quotas must be declared or be left out in writing: not_checked = [\"workloads\", \"probes\", \"nat\", \"schedule\", \"quotas\"]. Not both."
  }

  validation {
    condition = var.scale_window == null ? true : alltrue([
      for plan in values(var.scale_window.targets) : alltrue([
        for percent in compact(concat([plan.database.max_connections_percent], plan.groups[*].min_on_demand_percent)) : percent >= 1 && percent <= 100
      ])
    ])
    error_message = "A percentage must be from 1 to 100."
  }

  validation {
    condition = var.scale_window == null ? true : alltrue([
      for limits in values(var.scale_window.targets)[*].limits : alltrue([for n in [limits.join_minutes, limits.launches_minutes, limits.metric_minutes, limits.min_datapoints] : n >= 1]) && limits.min_datapoints <= limits.metric_minutes
    ])
    error_message = "limits must be at least 1, and min_datapoints at most metric_minutes: there is one datapoint a minute."
  }

  validation {
    condition = var.scale_window == null ? true : alltrue([
      for limits in values(var.scale_window.targets)[*].limits : coalesce(limits.window_minutes, 60) >= 5 && coalesce(limits.window_minutes, 60) <= 1440 && limits.second_look_seconds >= 0 && limits.second_look_seconds <= 300
    ])
    error_message = "limits.window_minutes must be from 5 to 1440, and second_look_seconds from 0 to 300."
  }

  validation {
    condition = var.scale_window == null ? true : alltrue([
      for limits in values(var.scale_window.targets)[*].limits : limits.history_days == 0 || (limits.history_days <= 42 && limits.history_failed_days >= 1 && limits.history_failed_days <= limits.history_days)
    ])
    error_message = "limits.history_days must be from 0 to 42, the days that Auto Scaling keeps, and history_failed_days from 1 to history_days."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue(flatten([for plan in values(var.scale_window.targets) : [for q in plan.quotas : can(regex("^L-[0-9A-F]{8}$", q.code))]]))
    error_message = "quotas[…].code must be a quota code of Service Quotas such as L-1216C47A."
  }

  validation {
    condition     = var.scale_window == null ? true : alltrue([for plan in values(var.scale_window.targets) : can(regex("^[A-Z]{3}$", plan.cost.currency)) && alltrue([for price in values(plan.cost.per_hour) : price >= 0])])
    error_message = "cost needs a currency of three capital letters (ISO 4217) and prices of at least 0."
  }
}
