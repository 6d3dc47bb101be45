variable "threat_containment" {
  description = "The function threat-containment: contains the pod of a GuardDuty finding. Null does not deploy it. Evidence needs infra/evidence to be applied first (variable evidence), with this function's role among its writers, as it is by default."
  type = object({
    mode      = string           # observe, approve or auto; there is no default
    eradicate = optional(string) # never (default), approve or auto: how far it may go in ending a workload

    memory_mb            = optional(number, 512)
    timeout_seconds      = optional(number, 300)
    reserved_concurrency = optional(number)          # containments at the same time; none are reserved by default
    finding_topic_arns   = optional(set(string), []) # SNS topics that carry findings; the function subscribes

    approval_minutes  = optional(number)           # 5 to 1440, default 240
    settle_seconds    = optional(number)           # 0 to 60, default 20: between isolation and its proof
    denied_namespaces = optional(list(string), []) # beside kube-system and the like: labelled and reported only

    accept = optional(object({
      finding_types   = optional(list(string)) # beginnings of types; by default runtime, crypto, backdoor and attack sequences
      min_severity    = optional(number)       # 1 to 10, default 7
      max_age_minutes = optional(number)       # 5 to 1440, default 360
    }), {})
    breaker = optional(object({
      max_per_hour            = optional(number) # containments per target, 1 to 100, default 10
      max_per_day             = optional(number) # 1 to 500, default 30
      max_percent_of_replicas = optional(number) # of one workload, default 50; one pod always may be
    }), {})
    node = optional(object({
      cordon                = optional(bool)   # default true
      protect_from_scale_in = optional(bool)   # default true
      max_cordoned_nodes    = optional(number) # at the same time, by whomever, 1 to 50, default 3
      max_cordoned_percent  = optional(number) # default 20; one node always may be
    }), {})
    workload = optional(object({
      may_stop_healthy_replicas = optional(bool) # default false
      may_delete_pods           = optional(bool) # of Jobs, and without a controller; default false
    }), {})
    sessions = optional(object({
      deny                       = optional(bool)         # whether sessions that the pod's IAM role already has are denied; default false
      roles                      = optional(list(string)) # ARNs of the roles that may be touched: the function may write a policy into exactly these
      protected_service_accounts = optional(list(string)) # "namespace/name" or "namespace/*": a role that one of them acts as is left alone
      may_touch_protected        = optional(bool)         # default false
    }))
    capture = optional(object({
      log_mebibytes = optional(number) # most of one container's log, 1 to 64, default 8
      seconds       = optional(number) # for the whole capture, 5 to 600, default 60
    }), {})

    targets = map(object({
      detector_id  = optional(string) # found out by default
      policy_agent = optional(string) # detect (default: the agent of the VPC CNI), auto_mode, declared, none
    }))
  })
  default = null

  validation {
    condition     = var.threat_containment == null ? true : contains(["observe", "approve", "auto"], var.threat_containment.mode)
    error_message = "threat_containment.mode must be observe, approve or auto."
  }

  validation {
    condition     = var.threat_containment == null ? true : contains(["never", "approve", "auto"], coalesce(var.threat_containment.eradicate, "never"))
    error_message = "threat_containment.eradicate must be never, approve or auto."
  }

  validation {
    condition     = var.threat_containment == null ? true : coalesce(var.threat_containment.eradicate, "never") != "auto" || var.threat_containment.mode == "auto"
    error_message = "threat_containment.eradicate = auto needs mode = auto."
  }

  validation {
    condition     = var.threat_containment == null ? true : var.threat_containment.mode == "observe" || var.evidence != null
    error_message = "threat_containment in mode approve or auto needs the variable evidence: the output of infra/evidence."
  }

  validation {
    condition     = var.threat_containment == null ? true : length(var.threat_containment.targets) > 0 && length(setsubtract(keys(var.threat_containment.targets), [for target in var.targets : target.name if target.cluster != null])) == 0
    error_message = "threat_containment.targets must name targets of this deployment that have a cluster, at least one."
  }

  validation {
    condition = var.threat_containment == null ? true : alltrue([
      for platform in values(var.threat_containment.targets) : contains(["detect", "auto_mode", "declared", "none"], coalesce(platform.policy_agent, "detect"))
    ])
    error_message = "threat_containment.targets: policy_agent must be detect, auto_mode, declared or none."
  }

  validation {
    condition     = try(var.threat_containment.sessions.deny, null) != true || try(length(var.threat_containment.sessions.roles) > 0, false)
    error_message = "threat_containment.sessions.deny needs threat_containment.sessions.roles: the ARNs of the roles that may be touched."
  }

  validation {
    condition = alltrue([
      for arn in try([for arn in var.threat_containment.sessions.roles : arn], []) :
      can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", arn)) && !strcontains(arn, ":role/aws-service-role/")
    ])
    error_message = "threat_containment.sessions.roles must be whole ARNs of roles, without patterns, and none of a service of AWS."
  }

  validation {
    condition = alltrue([
      for account in try([for account in var.threat_containment.sessions.protected_service_accounts : account], []) :
      can(regex("^[a-z0-9.-]+/([a-z0-9.-]+|\\*)$", account))
    ])
    error_message = "threat_containment.sessions.protected_service_accounts must be namespace/name, or namespace/*."
  }

  validation {
    condition = var.threat_containment == null ? true : alltrue([
      for range in [
        [var.threat_containment.approval_minutes, 5, 1440],
        [var.threat_containment.settle_seconds, 0, 60],
        [var.threat_containment.accept.min_severity, 1, 10],
        [var.threat_containment.accept.max_age_minutes, 5, 1440],
        [var.threat_containment.breaker.max_per_hour, 1, 100],
        [var.threat_containment.breaker.max_per_day, 1, 500],
        [var.threat_containment.breaker.max_percent_of_replicas, 0, 100],
        [var.threat_containment.node.max_cordoned_nodes, 1, 50],
        [var.threat_containment.node.max_cordoned_percent, 0, 100],
        [var.threat_containment.capture.log_mebibytes, 1, 64],
        [var.threat_containment.capture.seconds, 5, 600],
      ] : range[0] == null ? true : range[0] >= range[1] && range[0] <= range[2]
    ])
    error_message = "threat_containment: approval_minutes 5 to 1440, settle_seconds 0 to 60, min_severity 1 to 10, max_age_minutes 5 to 1440, max_per_hour 1 to 100, max_per_day 1 to 500, max_cordoned_nodes 1 to 50, percents 0 to 100, log_mebibytes 1 to 64, capture.seconds 5 to 600."
  }
}
