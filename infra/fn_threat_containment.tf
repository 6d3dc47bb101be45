module "threat_containment" {
  source = "./modules/ops-function"
  count  = var.threat_containment == null ? 0 : 1

  name         = "threat-containment"
  name_prefix  = var.name
  description  = "Contains the pod of a GuardDuty finding: isolation first, evidence before anything is destroyed, proof instead of hope."
  package      = "${var.package_dir}/threat-containment.zip"
  architecture = var.architecture

  memory_mb            = var.threat_containment.memory_mb
  timeout_seconds      = var.threat_containment.timeout_seconds
  reserved_concurrency = var.threat_containment.reserved_concurrency
  environment          = local.settings_environment["threat-containment"]

  # A throttled event is delivered for as long as a finding counts.
  max_event_age_seconds = min(coalesce(try(var.threat_containment.accept.max_age_minutes, null), 360), 360) * 60

  trigger          = file("${path.module}/../functions/threat-containment/trigger.json")
  zone             = var.zone
  alarm_topic_arns = var.threat_containment.finding_topic_arns

  permissions_file         = "${path.module}/../functions/threat-containment/permissions.json"
  permission_values        = local.permission_values["threat-containment"]
  permissions_boundary_arn = var.permissions_boundary_arn
  access_entry_clusters    = toset([for target in keys(var.threat_containment.targets) : local.access_entry_clusters[target] if contains(keys(local.access_entry_clusters), target)])

  operations         = local.operations
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_level          = var.log_level
  log_key_arn        = aws_kms_key.this.arn
  vpc                = var.vpc
  tags               = local.tags
}

locals {
  protects_from_scale_in = coalesce(try(var.threat_containment.node.protect_from_scale_in, null), true)

  # The roles whose older sessions may be denied, in this account: those of other accounts are touched with the target's role.
  session_role_arns = try([for arn in var.threat_containment.sessions.roles : arn if split(":", arn)[4] == local.account_id], [])

  # By target, behind no role of its own: groups that it declares, and the pattern over all groups of its account and region,
  # which only stands beside a condition on the tag of EKS.
  declared_group_arns = {
    for name, target in local.targets : name => [
      for group in target.node_groups :
      "arn:${local.partition}:autoscaling:${target.region}:${target.account_id}:autoScalingGroup:*:autoScalingGroupName/${group.auto_scaling_group}"
    ] if target.role_arn == null
  }
  managed_group_arns = {
    for name, target in local.targets : name => [
      "arn:${local.partition}:autoscaling:${target.region}:${target.account_id}:autoScalingGroup:*:autoScalingGroupName/*"
    ] if target.role_arn == null && target.cluster != null
  }

  threat_containment = var.threat_containment == null ? null : {
    mail     = "always"
    calendar = null
    targets  = keys(var.threat_containment.targets)

    lists = {
      # Any node of a target may carry the pod: groups that the target declares by name, and those of its managed node groups,
      # which EKS tags with the cluster. A group of neither kind is not protected, and the report says so.
      auto_scaling_group_arns = local.protects_from_scale_in ? flatten([for name in keys(var.threat_containment.targets) : lookup(local.declared_group_arns, name, [])]) : []
      managed_group_arns      = local.protects_from_scale_in ? flatten([for name in keys(var.threat_containment.targets) : lookup(local.managed_group_arns, name, [])]) : []
      managed_clusters        = [for name in keys(var.threat_containment.targets) : local.targets[name].cluster.name if local.targets[name].role_arn == null]
      pod_identity_arns = [
        for name in keys(var.threat_containment.targets) :
        "arn:${local.partition}:eks:${local.targets[name].region}:${local.targets[name].account_id}:podidentityassociation/${local.targets[name].cluster.name}/*"
        if local.targets[name].role_arn == null
      ]
      session_role_arns    = try(var.threat_containment.sessions.deny, null) == true ? local.session_role_arns : []
      evidence_object_arns = var.evidence == null ? [] : ["${local.evidence_bucket_arn}/evidence/*"]
      evidence_key_arns    = var.evidence == null ? [] : [var.evidence.key_arn]
    }

    # What is not set is left out: the function has the default, and the document stays small.
    settings = merge(
      {
        for key, value in {
          mode              = var.threat_containment.mode
          eradicate         = var.threat_containment.eradicate
          approval_minutes  = var.threat_containment.approval_minutes
          settle_seconds    = var.threat_containment.settle_seconds
          denied_namespaces = var.threat_containment.denied_namespaces
          evidence          = var.evidence
        } : key => value if value != null
      },
      {
        for part, values in {
          accept   = var.threat_containment.accept
          breaker  = var.threat_containment.breaker
          node     = var.threat_containment.node
          workload = var.threat_containment.workload
          capture  = var.threat_containment.capture
        } : part => { for key, value in values : key => value if value != null }
      },
      { for part, values in { sessions = var.threat_containment.sessions } : part => { for key, value in values : key => value if value != null } if values != null },
      {
        targets = {
          for name, platform in var.threat_containment.targets : name => { for key, value in platform : key => value if value != null }
        }
      },
    )
  }
}
