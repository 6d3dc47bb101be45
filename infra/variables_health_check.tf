variable "health_check" {
  description = "The function health-check: per target, which groups it looks at and by which limits. Null does not deploy it."
  type = object({
    mail                 = optional(string, "always") # always: the digest of every morning; on_change: only what is new, resolved or of another status; daily: on change, and the first look of each day
    schedules            = optional(map(string), {})  # morning → cron(…), instead of 06:00; triage is called by hand
    memory_mb            = optional(number, 256)
    timeout_seconds      = optional(number, 180)
    reserved_concurrency = optional(number)

    targets = map(object({
      # Groups that are left out on purpose: cluster, nodes, workloads, storage, quotas, mesh, scaling, certificates, alarms, security,
      # eks, database, endpoints, volumes. The report repeats it, so that it is never green for what nobody looked at.
      not_checked = optional(list(string), [])

      # Components that must be there: karpenter (also Auto Mode), istio, keda, cert_manager. One that is named and missing is a FAIL;
      # one that is not named is looked at where it is installed.
      installed = optional(list(string), [])

      # Whose a finding is.
      ownership = optional(object({
        namespaces = optional(map(string), {}) # team by namespace, or by the beginning of one with a final *
        label      = optional(string)          # label of namespaces that names the team
        platform   = optional(string)          # team of nodes, of the cluster, and of what no rule names
      }), {})

      cluster = optional(object({
        max_latency_ms    = optional(number)       # 2000 by default: slowest /readyz
        system_namespaces = optional(list(string)) # ["kube-system"] by default
      }), {})
      nodes = optional(object({
        join_minutes     = optional(number) # 10 by default: from joining to Ready
        cordon_minutes   = optional(number) # 120 by default: how long a node may stay cordoned
        register_minutes = optional(number) # 15 by default: from a node claim to its node
        requests_percent = optional(number) # 90 by default: most CPU, memory or pods requested of the nodes; not judged where Karpenter or Auto Mode makes nodes
        pool_percent     = optional(number) # 90 by default: most use of a limit of a node pool
        min_ready        = optional(number) # 1 by default: least number of Ready nodes
      }), {})
      workloads = optional(object({
        grace_minutes       = optional(number) # 5 by default: for starting, and for getting Ready again
        terminating_minutes = optional(number) # 10 by default: that a deleted pod may stay beyond its grace
        window_hours        = optional(number) # 24 by default: how far back restarts, failed pods and failed Jobs without a CronJob count
        max_restarts        = optional(number) # 2 by default: of one workload in that window
        hpa_minutes         = optional(number) # 30 by default: how long an autoscaler may stand at its maximum
        cron_job_minutes    = optional(number) # 60 by default: from when a CronJob is due until it has succeeded or is still running
      }), {})
      storage = optional(object({
        pending_minutes = optional(number) # 5 by default: how long a claim may be Pending
        attach_minutes  = optional(number) # 6 by default: how long attaching or detaching may take
      }), {})
      quotas = optional(object({
        used_percent = optional(number) # 80 by default: from when on a resource quota counts as nearly full
      }), {})
      certificates = optional(object({
        min_days        = optional(number) # 14 by default: least remaining validity
        renewal_hours   = optional(number) # 24 by default: that a renewal may be late
        issuing_minutes = optional(number) # 60 by default: that issuing may take
        # Secrets whose tls.crt is judged, for what no cert-manager renews and no probe sees. Each is read by its name only; the Roles
        # that allow it are in the output certificate_roles. No other Secret is ever read, and none is listed.
        secrets = optional(list(object({
          namespace = string
          name      = string
        })))
      }), {})
      changes = optional(object({
        minutes = optional(number) # 60 by default: how far the task triage looks back
      }), {})

      # CloudWatch alarms.
      alarms = optional(object({
        prefix            = optional(string, "")       # every alarm of account and region by default
        ignore            = optional(list(string), []) # names, or beginnings with a final *
        expected_at_least = optional(number, 1)
        history_hours     = optional(number, 8) # what rang so long ago and is silent again counts too
      }), {})

      # GuardDuty and Security Hub.
      security = optional(object({
        severity_at_least  = optional(number, 7)  # of a GuardDuty finding; 7 is where High begins
        look_back_days     = optional(number, 90) # as long as GuardDuty keeps findings
        runtime_monitoring = optional(bool, true) # false says in writing that Runtime Monitoring is not used
        security_hub       = optional(bool, true) # false says in writing that Security Hub is not used
        critical_open_days = optional(number, 0)  # how long a CRITICAL finding of Security Hub may stay open
        high_open_days     = optional(number, 7)
      }), {})

      # What EKS itself says of the cluster.
      eks = optional(object({
        ignore_insights       = optional(list(string), []) # by name
        insight_warnings      = optional(bool, true)       # whether WARNING counts as ERROR does
        insight_max_age_hours = optional(number, 48)
      }), {})

      database = optional(object({
        min_readers             = optional(number) # 1 for aurora, 0 for rds
        max_connections_percent = optional(number) # of the effective maximum; 80 by default
        max_connections         = optional(number) # instead of the maximum by parameters, class and capacity range
        max_replica_lag_ms      = optional(number, 1000)
        max_storage_percent     = optional(number) # of what it can grow to; 85 by default
        full_within_hours       = optional(number, 168)
        metric_minutes          = optional(number, 15)
        min_datapoints          = optional(number, 3)
        event_hours             = optional(number, 24)
        event_categories        = optional(list(string)) # of RDS events that are named; failures, failovers and restarts by default
        maintenance_days        = optional(number, 7)    # maintenance that is applied by itself within these is named
      }), {})

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

      # How full volumes are, by the metrics of an agent.
      volumes = optional(object({
        metric_namespace    = optional(string, "ContainerInsights")
        used_metric         = optional(string, "kubelet_volume_stats_used_bytes")
        capacity_metric     = optional(string, "kubelet_volume_stats_capacity_bytes")
        cluster_dimension   = optional(string, "ClusterName")
        namespace_dimension = optional(string, "namespace")
        claim_dimension     = optional(string, "persistentvolumeclaim")
        expected_at_least   = optional(number, 1)
        max_used_percent    = optional(number) # 85 by default
        full_within_hours   = optional(number, 72)
      }), {})
    }))
  })
  default = null

  validation {
    condition     = var.health_check == null ? true : contains(["always", "daily", "on_change"], var.health_check.mail)
    error_message = "health_check.mail must be always, daily or on_change."
  }

  validation {
    condition     = var.health_check == null ? true : alltrue([for task in keys(var.health_check.schedules) : task == "morning"])
    error_message = "health_check.schedules knows the task morning; triage is called by hand."
  }

  validation {
    condition     = var.health_check == null ? true : length(var.health_check.targets) > 0
    error_message = "health_check.targets is empty: name at least one target, or set health_check = null to leave the function out."
  }

  validation {
    condition     = var.health_check == null ? true : alltrue([for name in keys(var.health_check.targets) : contains(var.targets[*].name, name)])
    error_message = "health_check.targets names a platform that is not in targets."
  }

  validation {
    condition = var.health_check == null ? true : alltrue(flatten([
      for plan in values(var.health_check.targets) : [
        for group in plan.not_checked : contains(["cluster", "nodes", "workloads", "storage", "quotas", "mesh", "scaling", "certificates", "alarms", "security", "eks", "database", "endpoints", "volumes"], group)
      ]
    ]))
    error_message = "health_check.targets[…].not_checked knows cluster, nodes, workloads, storage, quotas, mesh, scaling, certificates, alarms, security, eks, database, endpoints and volumes."
  }

  validation {
    condition     = var.health_check == null ? true : alltrue(flatten([for plan in values(var.health_check.targets) : [for one in plan.installed : contains(["karpenter", "istio", "keda", "cert_manager"], one)]]))
    error_message = "health_check.targets[…].installed knows karpenter, istio, keda and cert_manager."
  }

  validation {
    condition = var.health_check == null ? true : alltrue(flatten([
      for plan in values(var.health_check.targets) : [
        for percent in [
          plan.nodes.requests_percent, plan.nodes.pool_percent, plan.quotas.used_percent,
          plan.database.max_connections_percent, plan.database.max_storage_percent, plan.volumes.max_used_percent,
        ] : percent == null ? true : percent >= 1 && percent <= 100
      ]
    ]))
    error_message = "A percentage must be from 1 to 100."
  }
}
