module "backup_verification" {
  source = "./modules/ops-function"
  count  = var.backup_verification == null ? 0 : 1

  name         = "backup-verification"
  name_prefix  = var.name
  description  = "Checks that backups are there, young, whole and encrypted, and that a restore was proven lately."
  package      = "${var.package_dir}/backup-verification.zip"
  architecture = var.architecture

  memory_mb             = var.backup_verification.memory_mb
  timeout_seconds       = var.backup_verification.timeout_seconds
  reserved_concurrency  = var.backup_verification.reserved_concurrency
  max_event_age_seconds = 14400 # a backup that is judged some hours later is still last night's
  environment           = local.settings_environment["backup-verification"]

  trigger            = file("${path.module}/../functions/backup-verification/trigger.json")
  schedule_overrides = var.backup_verification.schedules
  schedules_enabled  = var.schedules_enabled
  zone               = var.zone
  targets            = keys(var.backup_verification.targets)

  permissions_file         = "${path.module}/../functions/backup-verification/permissions.json"
  permission_values        = local.permission_values["backup-verification"]
  permissions_boundary_arn = var.permissions_boundary_arn
  access_entry_clusters    = toset([for target in local.backup_verification_clusters : local.access_entry_clusters[target] if contains(keys(local.access_entry_clusters), target)])

  operations         = local.operations
  failure_queue_arn  = aws_sqs_queue.failures.arn
  log_retention_days = var.log_retention_days
  log_level          = var.log_level
  log_key_arn        = aws_kms_key.this.arn
  vpc                = var.vpc
  tags               = local.tags
}

locals {
  # The targets whose cluster is entered: those with Velero.
  backup_verification_clusters = var.backup_verification == null ? [] : [
    for name, plan in var.backup_verification.targets : name
    if plan.velero != null || try(plan.restore_proof.velero, false)
  ]

  # The plans whose database the function reads with its own role; others are read with the role of their target.
  backup_verification_own = var.backup_verification == null ? {} : {
    for name, plan in var.backup_verification.targets : name => plan
    if try(local.targets[name].role_arn == null && local.targets[name].database != null, false)
  }

  # Where snapshots of a target lie that its own role can read: at home, and in other regions of the same account.
  backup_verification_places = flatten([
    for name, plan in local.backup_verification_own : concat(
      [{ target = name, region = local.targets[name].region, home = true }],
      [for copy in plan.copies : { target = name, region = copy.region, home = false } if copy.role_arn == null && copy.through != "copy_jobs"],
    )
  ])

  backup_verification = var.backup_verification == null ? null : {
    mail      = var.backup_verification.mail
    targets   = keys(var.backup_verification.targets)
    schedules = var.backup_verification.schedules

    # Backups are made on Sundays too.
    calendar = { working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], holidays = [], exceptions = [] }

    lists = {
      cluster_arns = [
        for name in local.backup_verification_clusters : "arn:${local.partition}:eks:${local.targets[name].region}:${local.targets[name].account_id}:cluster/${local.targets[name].cluster.name}"
        if try(local.targets[name].role_arn == null && local.targets[name].cluster != null, false)
      ]
      # At home RDS is asked for those of one database; elsewhere it filters by nothing.
      database_snapshot_arns = flatten([
        for place in local.backup_verification_places : [
          for kind in local.targets[place.target].database.engine == "aurora" ? ["cluster", "cluster-snapshot"] : ["db", "snapshot"] : join(":", [
            "arn", local.partition, "rds", place.region, local.targets[place.target].account_id, kind,
            place.home && contains(["cluster", "db"], kind) ? local.targets[place.target].database.id : "*",
          ])
        ]
      ])
      database_automated_backup_arns = flatten([
        for name, plan in local.backup_verification_own : [
          for resource in ["db:${local.targets[name].database.id}", "auto-backup:*"] : "arn:${local.partition}:rds:${local.targets[name].region}:${local.targets[name].account_id}:${resource}"
        ] if local.targets[name].database.engine == "rds"
      ])
      # Which key it is, the database says.
      database_key_arns = [
        for place in local.backup_verification_places : "arn:${local.partition}:kms:${place.region}:${local.targets[place.target].account_id}:key/*"
      ]
      # These actions of AWS Backup have no resource type.
      aws_backup = anytrue([
        for plan in values(local.backup_verification_own) : plan.aws_backup != null || try(plan.restore_proof.aws_backup, false) || anytrue([for copy in plan.copies : contains(["aws_backup", "copy_jobs"], copy.through) && copy.role_arn == null])
      ]) ? ["*"] : []
      dump_bucket_arns = flatten([
        for name, plan in var.backup_verification.targets : [
          for dump in plan.dumps : "arn:${local.partition}:s3:::${dump.bucket}"
        ] if try(local.targets[name].role_arn == null, false)
      ])
      drill_record_arns = [
        for name, plan in var.backup_verification.targets : "arn:${local.partition}:s3:::${plan.restore_proof.record.bucket}/${plan.restore_proof.record.key}"
        if try(plan.restore_proof.record != null && local.targets[name].role_arn == null, false)
      ]
      target_role_arns = flatten([
        for name, plan in var.backup_verification.targets : concat(
          [for role in [try(local.targets[name].role_arn, null)] : role if role != null],
          [for copy in plan.copies : copy.role_arn if copy.role_arn != null],
        )
      ])
    }

    # What is not set is left out: the function has the default, and the document stays small.
    settings = {
      targets = {
        for name, plan in var.backup_verification.targets : name => {
          for key, value in merge(plan, {
            database      = plan.database == null ? null : { for k, v in plan.database : k => v if v != null }
            copies        = [for copy in plan.copies : { for k, v in copy : k => v if v != null }]
            aws_backup    = plan.aws_backup == null ? null : { for k, v in plan.aws_backup : k => v if v != null }
            velero        = plan.velero == null ? null : { for k, v in plan.velero : k => v if v != null }
            dumps         = [for dump in plan.dumps : { for k, v in dump : k => v if v != null }]
            restore_proof = plan.restore_proof == null ? null : { for k, v in plan.restore_proof : k => v if v != null }
          }) : key => value if value != null
        }
      }
    }
  }
}
