# What the parts that are made once for every function (settings.tf, permissions.tf) need to know of each.

locals {
  # Function → mail policy, names of its targets, the `function` part of its settings, values for its own placeholders, and
  # a calendar where the deployment's does not apply. For the watchdog: schedules other than those in trigger.json, and the
  # minutes that a report may be late. One that is not deployed is absent.
  functions = merge(local.reporting_functions, { for name, function in { watchdog = local.watchdog } : name => function if function != null })

  # All but the watchdog, which looks at them.
  reporting_functions = merge(local.working_functions, { for name, function in { doctor = local.doctor } : name => function if function != null })

  # All but the two that look after the others.
  working_functions = {
    for name, function in {
      backup-verification   = local.backup_verification
      connection-exhaustion = local.connection_exhaustion
      evidence-audit        = local.evidence_audit
      ha-status             = local.ha_status
      health-check          = local.health_check
      lease-sweeper         = local.lease_sweeper
      provisioning-latency  = local.provisioning_latency
      scale-window          = local.scale_window
      threat-containment    = local.threat_containment
      threat-release        = local.threat_release
    } : name => function if function != null
  }

  # Topics that call functions: those that alarms notify, and those that carry findings. What they cannot deliver goes to the queue of
  # failures, and alarms about Day2 may notify none of them.
  calling_topic_arns = setunion(try(var.threat_containment.finding_topic_arns, []), values(local.actions)[*].alarm_topic_arns...)
}
