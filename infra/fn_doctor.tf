# Deployed with the first function: it proves that they could all work. Nothing here calls it at apply, which would have to
# wait for it and fail with it; call it after a deployment (docs/functions/doctor.md), and it calls itself weekly.
module "doctor" {
  source = "./modules/ops-function"
  count  = local.doctor == null ? 0 : 1

  name         = "doctor"
  name_prefix  = var.name
  description  = "Proves that the automation itself could work: functions, rights, schedules, topic, settings."
  package      = "${var.package_dir}/doctor.zip"
  architecture = var.architecture

  memory_mb             = var.doctor.memory_mb
  timeout_seconds       = var.doctor.timeout_seconds
  reserved_concurrency  = var.doctor.reserved_concurrency
  max_event_age_seconds = local.doctor_event_age_seconds
  environment           = local.settings_environment["doctor"]

  trigger            = file("${path.module}/../functions/doctor/trigger.json")
  schedule_overrides = var.doctor.schedules
  schedules_enabled  = var.schedules_enabled
  zone               = var.zone
  targets            = local.doctor.targets

  permissions_file         = "${path.module}/../functions/doctor/permissions.json"
  permission_values        = local.permission_values["doctor"]
  permissions_boundary_arn = var.permissions_boundary_arn

  operations         = local.operations
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_level          = var.log_level
  log_key_arn        = aws_kms_key.this.arn
  vpc                = var.vpc
  tags               = local.tags
}

locals {
  doctor_event_age_seconds = 3600
  doctor_flies_canary      = local.doctor == null ? false : var.doctor.canary

  # What is deployed, by name. The watchdog is there as soon as anything has a schedule, and the doctor has one.
  doctor_names = sort(concat(keys(local.working_functions), ["doctor"], var.watchdog == null ? [] : ["watchdog"]))

  # Those that have schedules and that enter clusters, by the files that say so.
  doctor_scheduled_names = [
    for name in local.doctor_names : name if length(jsondecode(file("${path.module}/../functions/${name}/trigger.json")).schedules) > 0
  ]
  doctor_entering_names = [for name in local.doctor_names : name if fileexists("${path.module}/../functions/${name}/rbac.yaml")]

  # Platforms that are read with the doctor's own role.
  doctor_own_platforms = { for name, target in local.platforms : name => target if target.role_arn == null }

  doctor = var.doctor == null || length(local.working_functions) == 0 ? null : {
    mail          = var.doctor.mail
    schedules     = var.doctor.schedules
    targets       = [local.own_target]
    grace_minutes = ceil((var.doctor.timeout_seconds + local.doctor_event_age_seconds) / 60) + 5

    # What is broken on a Sunday is needed on Monday.
    calendar = { working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], holidays = [], exceptions = [] }

    # All policies of a role together hold 10,240 characters (tests/tests/plan/sizes.rs): what cannot exist is not named, and a function
    # not twice.
    lists = {
      # Itself it does not ask: that it examines is its proof.
      asked_function_arns   = [for name in local.doctor_names : "arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${var.name}-${name}" if name != "doctor"]
      own_function_arns     = ["arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${var.name}-doctor"]
      schedule_arns         = [for name in local.doctor_scheduled_names : "arn:${local.partition}:scheduler:${local.region}:${local.account_id}:schedule/${var.name}-${name}/*"]
      examined_topic_arns   = local.telling_topic_arns
      operations_topic_arns = local.doctor_operations_topic_arns
      canary_topic_arns     = var.doctor.canary ? [local.canary_topic_arn] : []
      canary_queue_arns     = var.doctor.canary ? [local.canary_queue_arn] : []

      # Those of functions, and of their schedules.
      deployed_role_arns = concat(
        [for name in local.doctor_names : "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-${name}"],
        [for name in local.doctor_scheduled_names : "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-${name}-scheduler"],
      )

      # Which rules a function has, its module knows, and that waits for what every role may do.
      event_rule_arns = [
        for name in local.doctor_names : "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.name}-${name}-*"
        if length(jsondecode(file("${path.module}/../functions/${name}/trigger.json")).event_patterns) > 0
      ]

      # Which key it is, the topic says.
      operations_key_arns = [for arn in local.doctor_operations_topic_arns : "arn:${local.partition}:kms:${local.region}:${local.account_id}:key/*"]

      cluster_arns = distinct([
        for target in local.doctor_own_platforms : "arn:${local.partition}:eks:${target.region}:${target.account_id}:cluster/${target.cluster.name}" if target.cluster != null
      ])
      # An access entry is named after its principal, and by an id that only EKS knows. In whichever cluster: it is one of a role of
      # this deployment, and a list for each cluster would fill the role after four.
      access_entry_arns = length(local.own_clusters) == 0 ? [] : [
        for name in local.doctor_entering_names : "arn:${local.partition}:eks:${local.region}:${local.account_id}:access-entry/*/role/${local.account_id}/${var.name}-${name}/*"
      ]
      database_cluster_arns = [
        for target in local.doctor_own_platforms : "arn:${local.partition}:rds:${target.region}:${target.account_id}:cluster:${target.database.id}" if try(target.database.engine, "") == "aurora"
      ]
      database_instance_arns = [
        for target in local.doctor_own_platforms : "arn:${local.partition}:rds:${target.region}:${target.account_id}:db:${target.database.id}" if try(target.database.engine, "") == "rds"
      ]
      target_role_arns = [for target in local.platforms : target.role_arn if target.role_arn != null]
    }
  }

  # The topic of alarms, if it is one of them.
  doctor_operations_topic_arns = [for arn in local.telling_topic_arns : arn if arn == local.operations.topic_arn]

  # Of targets, in other accounts and regions: the report says that they were not looked at.
  doctor_topics_elsewhere = distinct([
    for target in local.targets : target.topic_arn if !startswith(coalesce(target.topic_arn, local.own_topics), local.own_topics)
  ])

  # Only what waits for no function: the settings of the functions and the doctor's would wait for each other.
  doctor_examined = {
    for name, function in {
      backup-verification   = try(module.backup_verification[0].examined, null)
      connection-exhaustion = try(module.connection_exhaustion[0].examined, null)
      doctor                = try(module.doctor[0].examined, null)
      evidence-audit        = try(module.evidence_audit[0].examined, null)
      ha-status             = try(module.ha_status[0].examined, null)
      health-check          = try(module.health_check[0].examined, null)
      lease-sweeper         = try(module.lease_sweeper[0].examined, null)
      provisioning-latency  = try(module.provisioning_latency[0].examined, null)
      scale-window          = try(module.scale_window[0].examined, null)
      threat-containment    = try(module.threat_containment[0].examined, null)
      threat-release        = try(module.threat_release[0].examined, null)
      watchdog              = try(module.watchdog[0].examined, null)
    } : name => function if function != null
  }

  doctor_settings = {
    for key, value in {
      functions = {
        for name, function in local.doctor_examined : name => merge(
          {
            arn              = "arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${var.name}-${name}"
            role_arn         = "arn:${local.partition}:iam::${local.account_id}:role/${var.name}-${name}"
            code_sha256      = filebase64sha256("${var.package_dir}/${name}.zip")
            schedules        = function.schedules
            inputs           = function.inputs
            event_rules      = function.event_rules
            callers          = function.callers
            kubernetes_group = function.kubernetes_group
            clusters         = function.clusters
            alarms           = function.alarms
            permissions = [
              for statement in jsondecode(function.permissions).Statement : {
                actions   = flatten([statement.Action])
                resources = flatten([statement.Resource])
                conditions = flatten([
                  for keys in values(try(statement.Condition, {})) : [for key, values in keys : { key = key, values = flatten([values]) }]
                ])
              }
            ]
          },
          { for key, document in local.settings_documents_of_the_rest : "settings_sha256" => sha256(document) if key == name },
          # As modules/ops-function/schedules.tf makes it.
          {
            for arn in ["arn:${local.partition}:iam::${local.account_id}:role/${var.name}-${name}-scheduler"] : "scheduler" => {
              role_arn = arn
              permissions = [
                { actions = ["lambda:InvokeFunction"], resources = ["arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${var.name}-${name}"] },
                { actions = ["sqs:SendMessage"], resources = [local.failure_queue_arn] },
              ]
            } if length(function.schedules) > 0
          },
        )
      }
      platforms            = [for name in keys(local.platforms) : local.settings_targets[name]]
      topics               = local.telling_topic_arns
      topics_elsewhere     = local.doctor_topics_elsewhere
      operations_topic_arn = local.operations.topic_arn
      calling_alarms       = sort(flatten([for function in values(local.actions) : tolist(function.alarm_arns)]))
      schedules_enabled    = var.schedules_enabled
      answer_seconds       = try(var.doctor.answer_seconds, null)
      not_checked          = try(var.doctor.not_checked, {})
      never                = local.doctor_never
      alarms = sort(concat(
        aws_cloudwatch_metric_alarm.failures[*].alarm_name,
        aws_cloudwatch_metric_alarm.watchdog[*].alarm_name,
        [for alarm in aws_cloudwatch_metric_alarm.undelivered : alarm.alarm_name],
      ))
      canary = !local.doctor_flies_canary ? null : {
        topic_arn = local.canary_topic_arn
        queue_url = "https://sqs.${local.region}.${local.dns_suffix}/${local.account_id}/${var.name}-canary"
      }
    } : key => value if value != null
  }

  # What no role may do, whatever is attached to it. Resource by resource, because a right on one is none on all.
  doctor_never = concat(
    [
      {
        actions = [
          "cloudtrail:StopLogging", "dynamodb:DeleteTable", "ec2:TerminateInstances", "eks:AssociateAccessPolicy", "eks:CreateAccessEntry",
          "guardduty:DeleteDetector", "iam:AttachRolePolicy", "iam:CreateAccessKey", "iam:PassRole", "iam:PutRolePolicy", "kms:ScheduleKeyDeletion",
          "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "logs:DeleteLogGroup", "rds:DeleteDBCluster", "rds:DeleteDBInstance",
          "s3:DeleteObject", "s3:GetObject", "secretsmanager:GetSecretValue", "sns:Subscribe", "ssm:GetParameter", "sts:AssumeRole",
        ]
        resources = ["*"], but = []
      },
      { actions = ["dynamodb:DeleteItem", "dynamodb:DeleteTable", "dynamodb:Scan"], resources = [local.journal_table_arn], but = [] },
      { actions = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject"], resources = ["${local.report_bucket_arn}/reports/*"], but = [] },
    ],
    local.evidence_bucket_arn == null ? [] : [
      {
        actions   = ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObjectLegalHold", "s3:PutObjectRetention"]
        resources = ["${local.evidence_bucket_arn}/evidence/*"], but = []
      },
      { actions = ["s3:GetObjectVersion"], resources = ["${local.evidence_bucket_arn}/evidence/*"], but = ["evidence-audit"] },
      { actions = ["s3:PutObject"], resources = ["${local.evidence_bucket_arn}/evidence/*"], but = ["threat-containment"] },
    ],
  )
}
