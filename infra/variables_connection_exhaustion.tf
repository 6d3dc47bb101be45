variable "connection_exhaustion" {
  description = "The function connection-exhaustion: judges each database instance of a target by its effective max_connections, and restarts the one leaking client or raises the maximum ACU, within limits. Null does not deploy it."
  type = object({
    memory_mb            = optional(number, 256)
    timeout_seconds      = optional(number, 300)
    reserved_concurrency = optional(number)
    alarm_topic_arns     = optional(set(string), []) # SNS topics that the alarms notify already; the function subscribes
    alarms_may_call      = optional(bool, false)     # let the bound alarms name the function as an action of their own

    safety = object({
      mode                  = string           # observe, approve or auto; there is no default
      cool_down_minutes     = optional(number) # 5 to 1440, default 30
      max_event_age_minutes = optional(number) # 1 to 360, default 15
      max_actions_per_day   = optional(number) # 1 to 48, default 4
      max_steps             = optional(number) # 1 to 20, default 2
      approval_minutes      = optional(number) # 5 to 1440, default 60
    })

    targets = map(object({
      alarm_arns = optional(list(string), []) # without one the function is called by hand only
      # Instead, or beside them: Terraform makes the alarm and binds it.
      create_alarm = optional(object({
        name                = optional(string) # <target>-connection-exhaustion by default
        threshold           = number           # connections of the fullest instance
        period_seconds      = optional(number, 60)
        evaluation_periods  = optional(number, 5)
        datapoints_to_alarm = optional(number, 3) # of them
      }))

      clients = optional(list(object({
        name        = string
        namespace   = string
        deployment  = string
        pool_size   = number # most connections that one pod opens, over all its containers
        may_restart = optional(bool, false)
      })), [])
      suspect           = optional(string) # name of the client that is known to leak
      other_connections = optional(number) # of people, monitoring and the engine; default 15
      max_connections   = optional(number) # where no rule gives it

      limits = optional(object({
        act_at_percent     = optional(number) # 10 to 100, default 80
        target_percent     = optional(number) # 10 to below act_at_percent, default 60
        act_within_minutes = optional(number) # 1 to 240, default 30
        look_back_minutes  = optional(number) # 15 to 60, default 30
        min_datapoints     = optional(number) # 2 to 15, default 3
      }), {})

      leak = optional(object({
        excess_percent         = optional(number) # 5 to 100, default 20
        changed_within_minutes = optional(number) # 10 to 1440, default 120
      }), {})

      # Absent: the maximum ACU is never raised, and a raise that is in force cannot be taken back: set may_raise = false, and
      # remove it when its leases have ended. More connections come only after a reboot.
      acu = optional(object({
        may_raise     = bool
        max_ceiling   = number           # the budget, in steps of 0.5
        max_step      = optional(number) # most that one raise adds, in steps of 0.5, default 32
        lease_minutes = optional(number) # 30 to 10080, default 240
      }))
    }))
  })
  default = null

  validation {
    condition     = var.connection_exhaustion == null ? true : contains(["observe", "approve", "auto"], var.connection_exhaustion.safety.mode)
    error_message = "connection_exhaustion.safety.mode must be observe (plan and report only), approve (the plan is mailed with the line that approves it) or auto."
  }

  validation {
    condition = var.connection_exhaustion == null ? true : alltrue([
      for range in [
        [var.connection_exhaustion.safety.cool_down_minutes, 5, 1440],
        [var.connection_exhaustion.safety.max_event_age_minutes, 1, 360],
        [var.connection_exhaustion.safety.max_actions_per_day, 1, 48],
        [var.connection_exhaustion.safety.max_steps, 1, 20],
        [var.connection_exhaustion.safety.approval_minutes, 5, 1440],
      ] : range[0] == null ? true : range[0] >= range[1] && range[0] <= range[2] && floor(range[0]) == range[0]
    ])
    error_message = "connection_exhaustion.safety must be whole numbers: cool_down_minutes 5 to 1440, max_event_age_minutes 1 to 360, max_actions_per_day 1 to 48, max_steps 1 to 20, approval_minutes 5 to 1440. Nothing can be switched off by 0."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : var.connection_exhaustion.timeout_seconds >= 60 && var.connection_exhaustion.timeout_seconds <= 840 && floor(var.connection_exhaustion.timeout_seconds) == var.connection_exhaustion.timeout_seconds
    error_message = "connection_exhaustion.timeout_seconds must be a whole number from 60 to 840: a change is not begun without the time to finish it, and the sweeper must outlast the function."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : length(var.connection_exhaustion.targets) > 0
    error_message = "connection_exhaustion.targets is empty: name at least one target, or set connection_exhaustion = null to leave the function out."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : alltrue([for name in keys(var.connection_exhaustion.targets) : contains(var.targets[*].name, name)])
    error_message = "connection_exhaustion.targets names a platform that is not in targets."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : alltrue([for arn in var.connection_exhaustion.alarm_topic_arns : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn)) && startswith(arn, "arn:${local.partition}:")])
    error_message = "connection_exhaustion.alarm_topic_arns must be ARNs of SNS standard topics in the deployment's own partition: arn:aws:sns:us-east-1:123456789012:name."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : alltrue(flatten([for plan in values(var.connection_exhaustion.targets) : [for arn in plan.alarm_arns : can(regex("^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.+$", arn))]]))
    error_message = "An alarm is bound by its ARN: arn:aws:cloudwatch:us-east-1:123456789012:alarm:name."
  }

  # What an event says of itself is never believed, so an alarm must live where its target lives.
  validation {
    condition = var.connection_exhaustion == null ? true : alltrue(flatten([
      for name, plan in var.connection_exhaustion.targets : [
        for arn in plan.alarm_arns : startswith(arn, "arn:${local.partition}:cloudwatch:${local.targets[name].region}:${local.targets[name].account_id}:alarm:")
        if contains(keys(local.targets), name)
      ]
    ]))
    error_message = "An alarm is of another account, region or partition than its target; bind the target's own alarms."
  }

  # An automation that acts on its own alarms never ends.
  validation {
    condition = var.connection_exhaustion == null ? true : alltrue(flatten([
      for name, plan in var.connection_exhaustion.targets : [
        for alarm in concat([for arn in plan.alarm_arns : try(join(":", slice(split(":", arn), 6, length(split(":", arn)))), "")], [for alarm in [plan.create_alarm] : coalesce(alarm.name, "${name}-connection-exhaustion") if alarm != null]) : !startswith(alarm, "${var.name}-")
      ]
    ]))
    error_message = "An alarm is named like this deployment's own alarms (<name>-…), and no action is ever called by those; give the alarm or the deployment another name."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : length(distinct(flatten([for plan in values(var.connection_exhaustion.targets) : plan.alarm_arns]))) == length(flatten([for plan in values(var.connection_exhaustion.targets) : plan.alarm_arns]))
    error_message = "An alarm is bound twice; bind each to one target, once."
  }

  # Terraform makes the alarm with the deployment's own credentials.
  validation {
    condition = var.connection_exhaustion == null ? true : alltrue([
      for name, plan in var.connection_exhaustion.targets : plan.create_alarm == null || !contains(keys(local.targets), name) ? true :
      local.targets[name].role_arn == null && local.targets[name].account_id == local.account_id && local.targets[name].region == local.region
    ])
    error_message = "create_alarm makes an alarm in the account and region of the deployment; for a target elsewhere make the alarm there and bind its ARN."
  }

  validation {
    condition = var.connection_exhaustion == null ? true : alltrue([
      for plan in values(var.connection_exhaustion.targets) : plan.create_alarm == null ? true : (
        plan.create_alarm.datapoints_to_alarm >= 1 && plan.create_alarm.datapoints_to_alarm <= plan.create_alarm.evaluation_periods &&
        plan.create_alarm.period_seconds >= 60 && plan.create_alarm.period_seconds % 60 == 0 &&
        plan.create_alarm.period_seconds * plan.create_alarm.evaluation_periods <= 3600 &&
        plan.create_alarm.threshold > 0
      )
    ])
    error_message = "create_alarm needs a threshold above 0, a period of whole minutes, datapoints_to_alarm from 1 to evaluation_periods, and at most an hour in all: the function looks no further back."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : alltrue([for name in keys(var.connection_exhaustion.targets) : length([for t in var.targets : t if t.name == name && t.database == null]) == 0])
    error_message = "connection_exhaustion is for targets with a database; add the database to the target."
  }

  validation {
    condition = var.connection_exhaustion == null ? true : alltrue([
      for name, plan in var.connection_exhaustion.targets : length(plan.clients) == 0 || length([for t in var.targets : t if t.name == name && t.cluster == null]) == 0
    ])
    error_message = "clients are Deployments of the target's EKS cluster; add the cluster to the target."
  }

  validation {
    condition = var.connection_exhaustion == null ? true : alltrue([
      for plan in values(var.connection_exhaustion.targets) : length(distinct(plan.clients[*].name)) == length(plan.clients) && length(distinct([for c in plan.clients : "${c.namespace}/${c.deployment}"])) == length(plan.clients)
    ])
    error_message = "Each client of a target needs a name and a Deployment of its own."
  }

  validation {
    condition = var.connection_exhaustion == null ? true : alltrue(flatten([
      for plan in values(var.connection_exhaustion.targets) : [
        for c in plan.clients : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", c.namespace)) && can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", c.deployment)) && trimspace(c.name) != "" && length(c.name) <= 63
      ]
    ]))
    error_message = "A client needs a name of at most 63 characters, and the names of a Kubernetes namespace and Deployment."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : alltrue(flatten([for plan in values(var.connection_exhaustion.targets) : [for c in plan.clients : c.pool_size >= 1 && c.pool_size <= 10000 && floor(c.pool_size) == c.pool_size]]))
    error_message = "clients[…].pool_size must be a whole number from 1 to 10000."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : alltrue(flatten([for plan in values(var.connection_exhaustion.targets) : [for c in plan.clients : !c.may_restart || !startswith(c.namespace, "kube-")]]))
    error_message = "A client in a namespace kube-… is part of the cluster itself and is never restarted; leave may_restart out."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : alltrue([for plan in values(var.connection_exhaustion.targets) : plan.suspect == null ? true : contains(plan.clients[*].name, plan.suspect)])
    error_message = "suspect must be the name of one of the target's clients."
  }

  validation {
    condition = var.connection_exhaustion == null ? true : alltrue(flatten([
      for plan in values(var.connection_exhaustion.targets) : [
        for range in [
          [plan.other_connections, 0, 16000],
          [plan.max_connections, 1, 262143],
          [plan.limits.act_at_percent, 10, 100],
          [plan.limits.target_percent, 10, 99],
          [plan.limits.act_within_minutes, 1, 240],
          [plan.limits.look_back_minutes, 15, 60],
          [plan.limits.min_datapoints, 2, 15],
          [plan.leak.excess_percent, 5, 100],
          [plan.leak.changed_within_minutes, 10, 1440],
          [try(plan.acu.lease_minutes, null), 30, 10080],
        ] : range[0] == null ? true : range[0] >= range[1] && range[0] <= range[2] && floor(range[0]) == range[0]
      ]
    ]))
    error_message = "A number of connection_exhaustion.targets[…] is out of its range: other_connections 0 to 16000, max_connections 1 to 262143, limits.act_at_percent 10 to 100, target_percent 10 to 99, act_within_minutes 1 to 240, look_back_minutes 15 to 60, min_datapoints 2 to 15, leak.excess_percent 5 to 100, changed_within_minutes 10 to 1440, acu.lease_minutes 30 to 10080; whole numbers."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : alltrue([for plan in values(var.connection_exhaustion.targets) : coalesce(plan.limits.target_percent, 60) < coalesce(plan.limits.act_at_percent, 80)])
    error_message = "limits.target_percent (default 60) must be below limits.act_at_percent (default 80), so that a raise ends the alarm."
  }

  validation {
    condition = var.connection_exhaustion == null ? true : alltrue(flatten([
      for plan in values(var.connection_exhaustion.targets) : [
        for acu in compact([try(plan.acu.max_ceiling, null), try(plan.acu.max_step, null)]) : acu >= 0.5 && acu <= 256 && floor(acu * 2) == acu * 2
      ]
    ]))
    error_message = "acu.max_ceiling and acu.max_step must be capacities from 0.5 to 256 ACU in steps of 0.5."
  }

  validation {
    condition     = var.connection_exhaustion == null ? true : alltrue([for name, plan in var.connection_exhaustion.targets : plan.acu == null || length([for t in var.targets : t if t.name == name && try(t.database.engine, "aurora") != "aurora"]) == 0])
    error_message = "acu is for Aurora Serverless v2; an RDS instance has no ACU."
  }
}
