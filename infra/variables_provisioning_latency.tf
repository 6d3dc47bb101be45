variable "provisioning_latency" {
  description = "The function provisioning-latency: raises the workspace nodes of a target, within limits and for a time, when its provisioning is slow for lack of capacity. Null does not deploy it."
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
      # Alarms that mean "provisioning is slow" here, and nothing else does.
      alarms = optional(list(object({
        arn = string
        metric = optional(object({ # what a composite or metric-math alarm stands on; an alarm on one metric says it itself
          namespace           = string
          name                = string
          dimensions          = optional(map(string), {})
          statistic           = optional(string, "p95")
          period_seconds      = optional(number, 60)
          threshold           = number # in the unit of the metric
          evaluation_periods  = optional(number, 5)
          datapoints_to_alarm = optional(number, 3)
        }))
      })), [])
      # Instead, or beside them: Terraform makes the alarm and binds it.
      create_alarm = optional(object({
        name                = optional(string) # <target>-provisioning-latency by default
        namespace           = string
        metric_name         = string
        dimensions          = optional(map(string), {})
        statistic           = optional(string, "p95")
        threshold           = number # in the unit of the metric: 120 for two minutes in seconds
        period_seconds      = optional(number, 60)
        evaluation_periods  = optional(number, 5)
        datapoints_to_alarm = optional(number, 3) # of them
      }))

      node_group     = string           # of the target: the only one that is ever raised
      size_owner     = optional(string) # managed_node_group, auto_scaling_group, cluster_autoscaler, karpenter, auto_mode; found out by default
      eks_node_group = optional(string) # EKS managed node group behind it; found out by default, and then any of the cluster may be changed

      provisioner = object({
        namespace         = string
        deployment        = string
        may_restart       = optional(bool, false)
        denied_namespaces = optional(list(string), []) # beside kube-system, kube-public, kube-node-lease, istio-*
      })
      workspace_namespaces = list(string)

      step = optional(object({
        percent   = optional(number) # of the size before, 1 to 100, default 50
        max_nodes = optional(number) # 1 to 200, default 25
      }), {})
      lease_minutes       = optional(number) # how long added nodes stay, 15 to 1440, default 120
      workspaces_per_node = optional(number) # 1 to 1000; without it one node is asked for per waiting pod
      addresses_per_node  = optional(number) # 1 to 1000, default 16
      min_samples         = optional(number) # builds behind a datapoint that counts, 1 to 100000, default 10

      quota = optional(object({
        service         = optional(string, "ec2")
        code            = string # for example L-1216C47A: running on-demand standard instances, in vCPUs
        vcpus_per_node  = number
        vcpus_of_others = optional(number, 0)
      }))

      limits = optional(object({
        pending_minutes    = optional(number) # 1 to 120, default 1
        launches_minutes   = optional(number) # 5 to 1440, default 30
        scale_down_minutes = optional(number) # 5 to 720, default 30
        api_latency_ms     = optional(number) # 100 to 30000, default 2000
        not_ready_percent  = optional(number) # 1 to 100, default 10
      }), {})

      not_checked = optional(list(string), []) # quota, if it is left out on purpose
    }))
  })
  default = null

  validation {
    condition     = var.provisioning_latency == null ? true : contains(["observe", "approve", "auto"], var.provisioning_latency.safety.mode)
    error_message = "provisioning_latency.safety.mode must be observe (plan and report only), approve (the plan is mailed with the line that approves it) or auto."
  }

  validation {
    condition = var.provisioning_latency == null ? true : alltrue([
      for range in [
        [var.provisioning_latency.safety.cool_down_minutes, 5, 1440],
        [var.provisioning_latency.safety.max_event_age_minutes, 1, 360],
        [var.provisioning_latency.safety.max_actions_per_day, 1, 48],
        [var.provisioning_latency.safety.max_steps, 1, 20],
        [var.provisioning_latency.safety.approval_minutes, 5, 1440],
      ] : range[0] == null ? true : range[0] >= range[1] && range[0] <= range[2] && floor(range[0]) == range[0]
    ])
    error_message = "provisioning_latency.safety must be whole numbers: cool_down_minutes 5 to 1440, max_event_age_minutes 1 to 360, max_actions_per_day 1 to 48, max_steps 1 to 20, approval_minutes 5 to 1440. Nothing can be switched off by 0."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : var.provisioning_latency.timeout_seconds >= 60 && var.provisioning_latency.timeout_seconds <= 840 && floor(var.provisioning_latency.timeout_seconds) == var.provisioning_latency.timeout_seconds
    error_message = "provisioning_latency.timeout_seconds must be a whole number from 60 to 840: a change is not begun without the time to finish it, and the sweeper must outlast the function."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : length(var.provisioning_latency.targets) > 0
    error_message = "provisioning_latency.targets is empty: name at least one target, or set provisioning_latency = null to leave the function out."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue([for name in keys(var.provisioning_latency.targets) : contains(var.targets[*].name, name)])
    error_message = "provisioning_latency.targets names a platform that is not in targets."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue([for arn in var.provisioning_latency.alarm_topic_arns : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn)) && startswith(arn, "arn:${local.partition}:")])
    error_message = "provisioning_latency.alarm_topic_arns must be ARNs of SNS standard topics in the deployment's own partition: arn:aws:sns:us-east-1:123456789012:name."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue(flatten([for plan in values(var.provisioning_latency.targets) : [for arn in plan.alarms[*].arn : can(regex("^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.+$", arn))]]))
    error_message = "An alarm is bound by its ARN: arn:aws:cloudwatch:us-east-1:123456789012:alarm:name."
  }

  # What an event says of itself is never believed, so an alarm must live where its target lives.
  validation {
    condition = var.provisioning_latency == null ? true : alltrue(flatten([
      for name, plan in var.provisioning_latency.targets : [
        for arn in plan.alarms[*].arn : startswith(arn, "arn:${local.partition}:cloudwatch:${local.targets[name].region}:${local.targets[name].account_id}:alarm:")
        if contains(keys(local.targets), name)
      ]
    ]))
    error_message = "An alarm is of another account, region or partition than its target; bind the target's own alarms."
  }

  # An automation that acts on its own alarms never ends.
  validation {
    condition = var.provisioning_latency == null ? true : alltrue(flatten([
      for name, plan in var.provisioning_latency.targets : [
        for alarm in concat([for arn in plan.alarms[*].arn : try(join(":", slice(split(":", arn), 6, length(split(":", arn)))), "")], [for alarm in [plan.create_alarm] : coalesce(alarm.name, "${name}-provisioning-latency") if alarm != null]) : !startswith(alarm, "${var.name}-")
      ]
    ]))
    error_message = "An alarm is named like this deployment's own alarms (<name>-…), and no action is ever called by those; give the alarm or the deployment another name."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : length(distinct(flatten([for plan in values(var.provisioning_latency.targets) : plan.alarms[*].arn]))) == length(flatten([for plan in values(var.provisioning_latency.targets) : plan.alarms[*].arn]))
    error_message = "An alarm is bound twice; bind each to one target, once."
  }

  # Terraform makes the alarm with the deployment's own credentials.
  validation {
    condition = var.provisioning_latency == null ? true : alltrue([
      for name, plan in var.provisioning_latency.targets : plan.create_alarm == null || !contains(keys(local.targets), name) ? true :
      local.targets[name].role_arn == null && local.targets[name].account_id == local.account_id && local.targets[name].region == local.region
    ])
    error_message = "create_alarm makes an alarm in the account and region of the deployment; for a target elsewhere make the alarm there and bind its ARN."
  }

  validation {
    condition = var.provisioning_latency == null ? true : alltrue([
      for plan in values(var.provisioning_latency.targets) : plan.create_alarm == null ? true : (
        plan.create_alarm.datapoints_to_alarm >= 1 && plan.create_alarm.datapoints_to_alarm <= plan.create_alarm.evaluation_periods &&
        plan.create_alarm.period_seconds >= 60 && plan.create_alarm.period_seconds % 60 == 0 &&
        plan.create_alarm.period_seconds * plan.create_alarm.evaluation_periods <= 3600 &&
        plan.create_alarm.threshold > 0
      )
    ])
    error_message = "create_alarm needs a threshold above 0, a period of whole minutes, datapoints_to_alarm from 1 to evaluation_periods, and at most an hour in all: the function looks no further back."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue([for plan in values(var.provisioning_latency.targets) : length(plan.alarms) > 0 || plan.create_alarm != null])
    error_message = "provisioning_latency.targets[…] needs an alarm: bind one in alarms, or let create_alarm make it."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue([for name in keys(var.provisioning_latency.targets) : length([for t in var.targets : t if t.name == name && t.cluster == null]) == 0])
    error_message = "provisioning_latency is for targets with an EKS cluster; add the cluster to the target."
  }

  validation {
    condition = var.provisioning_latency == null ? true : alltrue([
      for name, plan in var.provisioning_latency.targets : contains(flatten([for t in var.targets : t.node_groups[*].name if t.name == name]), plan.node_group)
    ])
    error_message = "provisioning_latency names a node group that its target does not have; add it to the target's node_groups."
  }

  validation {
    condition = var.provisioning_latency == null ? true : alltrue([
      for plan in values(var.provisioning_latency.targets) : plan.size_owner == null ? true : contains(["managed_node_group", "auto_scaling_group", "cluster_autoscaler", "karpenter", "auto_mode"], plan.size_owner)
    ])
    error_message = "size_owner must be managed_node_group, auto_scaling_group, cluster_autoscaler, karpenter or auto_mode."
  }

  validation {
    condition = var.provisioning_latency == null ? true : alltrue([
      for plan in values(var.provisioning_latency.targets) : plan.eks_node_group == null ? true : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$", plan.eks_node_group)) && (plan.size_owner == null ? true : plan.size_owner == "managed_node_group")
    ])
    error_message = "eks_node_group must be the name from `aws eks list-nodegroups`, and EKS must be the one that sets the size: leave size_owner out, or write managed_node_group."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue(flatten([for plan in values(var.provisioning_latency.targets) : [for name in concat([plan.provisioner.namespace], plan.workspace_namespaces) : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))]]))
    error_message = "provisioner.namespace and workspace_namespaces must be names of Kubernetes namespaces."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue([for plan in values(var.provisioning_latency.targets) : can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", plan.provisioner.deployment))])
    error_message = "provisioner.deployment must be the name of a Kubernetes Deployment."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue([for plan in values(var.provisioning_latency.targets) : !plan.provisioner.may_restart || !can(regex("^(kube-(system|public|node-lease)$|istio-)", plan.provisioner.namespace))])
    error_message = "provisioner.may_restart is set for a namespace of the cluster itself; nothing is ever restarted there."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue([for plan in values(var.provisioning_latency.targets) : length(plan.workspace_namespaces) > 0])
    error_message = "workspace_namespaces names no namespace: nothing could be waiting."
  }

  validation {
    condition = var.provisioning_latency == null ? true : alltrue(flatten([
      for plan in values(var.provisioning_latency.targets) : [
        for range in [
          [plan.step.percent, 1, 100],
          [plan.step.max_nodes, 1, 200],
          [plan.lease_minutes, 15, 1440],
          [plan.workspaces_per_node, 1, 1000],
          [plan.addresses_per_node, 1, 1000],
          [plan.min_samples, 1, 100000],
          [plan.limits.pending_minutes, 1, 120],
          [plan.limits.launches_minutes, 5, 1440],
          [plan.limits.scale_down_minutes, 5, 720],
          [plan.limits.api_latency_ms, 100, 30000],
          [plan.limits.not_ready_percent, 1, 100],
        ] : range[0] == null ? true : range[0] >= range[1] && range[0] <= range[2] && floor(range[0]) == range[0]
      ]
    ]))
    error_message = "A number of provisioning_latency.targets[…] is out of its range: step.percent 1 to 100, step.max_nodes 1 to 200, lease_minutes 15 to 1440, workspaces_per_node and addresses_per_node 1 to 1000, min_samples 1 to 100000, limits.pending_minutes 1 to 120, launches_minutes 5 to 1440, scale_down_minutes 5 to 720, api_latency_ms 100 to 30000, not_ready_percent 1 to 100; whole numbers."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue(flatten([for plan in values(var.provisioning_latency.targets) : [for part in plan.not_checked : part == "quota"]]))
    error_message = "not_checked knows quota."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue([for plan in values(var.provisioning_latency.targets) : (plan.quota != null) != contains(plan.not_checked, "quota")])
    error_message = "The quota must be declared or be left out in writing: not_checked = [\"quota\"]. Not both."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue([for plan in values(var.provisioning_latency.targets) : plan.quota == null ? true : can(regex("^L-[0-9A-F]{8}$", plan.quota.code)) && plan.quota.vcpus_per_node >= 1 && plan.quota.vcpus_of_others >= 0])
    error_message = "quota.code must be a code of Service Quotas such as L-1216C47A, vcpus_per_node at least 1 and vcpus_of_others at least 0."
  }

  validation {
    condition = var.provisioning_latency == null ? true : alltrue(flatten([
      for plan in values(var.provisioning_latency.targets) : [
        for metric in [for alarm in plan.alarms : alarm.metric if alarm.metric != null] : metric.period_seconds >= 60 && metric.period_seconds % 60 == 0 && metric.datapoints_to_alarm >= 1 && metric.datapoints_to_alarm <= metric.evaluation_periods && metric.period_seconds * metric.evaluation_periods <= 3600
      ]
    ]))
    error_message = "alarms[…].metric needs a period of whole minutes, datapoints_to_alarm from 1 to evaluation_periods, and at most an hour in all."
  }

  validation {
    condition     = var.provisioning_latency == null ? true : alltrue([for plan in values(var.provisioning_latency.targets) : plan.create_alarm == null ? true : can(regex("^p([0-9]|[1-9][0-9])([.][0-9]{1,10})?$", plan.create_alarm.statistic))])
    error_message = "create_alarm.statistic must be a percentile such as p95: a mean hides the slow builds."
  }
}
