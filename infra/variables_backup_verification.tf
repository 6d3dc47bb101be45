variable "backup_verification" {
  description = "The function backup-verification: per target, which backups there must be and how good. Null does not deploy it."
  type = object({
    mail                 = optional(string, "on_change") # always; on_change: only what is new, resolved or of another status; daily: that, and the first run of each day
    schedules            = optional(map(string), {})     # task (daily, weekly) → cron(…), instead of 07:30 and Friday 08:00
    memory_mb            = optional(number, 256)
    timeout_seconds      = optional(number, 120)
    reserved_concurrency = optional(number)

    targets = map(object({
      # The target's database: its own snapshots and point-in-time restore.
      database = optional(object({
        max_snapshot_age_hours     = optional(number) # a day, the backup window and the grace by default
        snapshot_grace_minutes     = optional(number, 120)
        count_manual_snapshots     = optional(bool, false)
        min_retention_days         = optional(number, 7)
        max_restorable_lag_minutes = optional(number, 15) # what may be lost (RPO)
        encryption                 = optional(bool, true)
        deletion_protection        = optional(bool, true)
        backup_window              = optional(string) # hh:mm-hh:mm in UTC; that of the run before by default
      }))

      # Copies of its snapshots in other regions or accounts.
      copies = optional(list(object({
        region        = string
        role_arn      = optional(string)              # for another account: looks there with this role
        account_id    = optional(string)              # for another account that lets nobody in; only with copy_jobs
        through       = optional(string, "snapshots") # snapshots, aws_backup, or copy_jobs: what the jobs at home say of copies there
        max_age_hours = optional(number, 30)
      })), [])

      # The database in AWS Backup.
      aws_backup = optional(object({
        vault          = optional(string) # any by default
        max_age_hours  = optional(number, 26)
        copy_jobs      = optional(bool, false) # there must be some, and the newest to each vault must have ended well
        restore_tests  = optional(bool, false) # there must be some, each validated
        look_back_days = optional(number, 8)
      }))

      # Velero in the target's cluster.
      velero = optional(object({
        ignore_schedules           = optional(list(string), [])
        grace_minutes              = optional(number, 120)
        max_age_hours              = optional(number, 26)
        look_back_days             = optional(number, 7)
        compare_last               = optional(number, 7)
        max_item_drop_percent      = optional(number) # 20
        exclude_namespaces         = optional(list(string), [])
        max_validation_age_minutes = optional(number, 60)
      }))

      # Dumps that something writes into a bucket.
      dumps = optional(list(object({
        name               = string
        bucket             = string
        prefix             = string
        suffix             = optional(string)
        region             = optional(string) # of the bucket; the target's by default
        max_age_hours      = optional(number, 26)
        min_bytes          = optional(number, 1)
        compare_last       = optional(number, 7)
        max_shrink_percent = optional(number) # 30
      })), [])

      # When a restore must have been proven, and where that can be read.
      restore_proof = optional(object({
        max_age_days = optional(number, 90)
        aws_backup   = optional(bool, false) # restore jobs whose validation was successful
        velero       = optional(bool, false) # restores into another namespace
        record = optional(object({           # JSON with at, result and by, which the drill writes
          bucket = string
          key    = string
        }))
        declared = optional(object({
          on = string # YYYY-MM-DD
          by = string # who did it, and answers for it
        }))
      }))

      # What is left out on purpose: database, copies, aws_backup, velero, dumps, restore_proof. The report repeats it, so that it
      # is never green for what nobody looked at.
      not_checked = optional(list(string), [])
    }))
  })
  default = null

  validation {
    condition     = var.backup_verification == null ? true : contains(["always", "daily", "on_change"], var.backup_verification.mail)
    error_message = "backup_verification.mail must be always, daily or on_change."
  }

  validation {
    condition     = var.backup_verification == null ? true : alltrue([for task in keys(var.backup_verification.schedules) : contains(["daily", "weekly"], task)])
    error_message = "backup_verification.schedules knows the tasks daily and weekly."
  }

  validation {
    condition     = var.backup_verification == null ? true : length(var.backup_verification.targets) > 0
    error_message = "backup_verification.targets is empty: name at least one target, or set backup_verification = null to leave the function out."
  }

  validation {
    condition     = var.backup_verification == null ? true : alltrue([for name in keys(var.backup_verification.targets) : contains(var.targets[*].name, name)])
    error_message = "backup_verification.targets names a platform that is not in targets."
  }

  validation {
    condition     = var.backup_verification == null ? true : alltrue(flatten([for plan in values(var.backup_verification.targets) : [for part in plan.not_checked : contains(["database", "copies", "aws_backup", "velero", "dumps", "restore_proof"], part)]]))
    error_message = "not_checked knows database, copies, aws_backup, velero, dumps and restore_proof."
  }

  validation {
    condition = var.backup_verification == null ? true : alltrue(flatten([
      for plan in values(var.backup_verification.targets) : [
        for part, declared in {
          database      = plan.database != null
          copies        = length(plan.copies) > 0
          aws_backup    = plan.aws_backup != null
          velero        = plan.velero != null
          dumps         = length(plan.dumps) > 0
          restore_proof = plan.restore_proof != null
        } : declared != contains(plan.not_checked, part)
      ]
    ]))
    error_message = "Each of database, copies, aws_backup, velero, dumps and restore_proof must be declared or be left out in writing: not_checked = [\"database\", \"copies\", \"aws_backup\", \"velero\", \"dumps\", \"restore_proof\"]. Not both."
  }

  validation {
    condition = var.backup_verification == null ? true : alltrue([
      for name, plan in var.backup_verification.targets :
      plan.database == null && length(plan.copies) == 0 && plan.aws_backup == null || length([for t in var.targets : t if t.name == name && t.database != null]) > 0
    ])
    error_message = "database, copies and aws_backup are about the target's database: add database to the target."
  }

  validation {
    condition = var.backup_verification == null ? true : alltrue([
      for name, plan in var.backup_verification.targets : plan.velero == null || length([for t in var.targets : t if t.name == name && t.cluster != null]) > 0
    ])
    error_message = "velero is about the target's cluster: add cluster to the target."
  }

  validation {
    condition = var.backup_verification == null ? true : alltrue([
      for plan in values(var.backup_verification.targets) : plan.database == null ? true : (
        coalesce(plan.database.max_snapshot_age_hours, 26) >= 25 && plan.database.min_retention_days >= 1 && plan.database.min_retention_days <= 35 && plan.database.max_restorable_lag_minutes >= 1
      )
    ])
    error_message = "database needs max_snapshot_age_hours of at least 25 (24 fails every day around the backup window), min_retention_days from 1 to 35 and max_restorable_lag_minutes of at least 1."
  }

  validation {
    condition = var.backup_verification == null ? true : alltrue([
      for plan in values(var.backup_verification.targets) : can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", coalesce(try(plan.database.backup_window, null), "02:00-02:30")))
    ])
    error_message = "database.backup_window must be hh:mm-hh:mm in UTC, for example 02:00-02:30."
  }

  validation {
    condition     = var.backup_verification == null ? true : alltrue(flatten([for plan in values(var.backup_verification.targets) : [for copy in plan.copies : contains(["snapshots", "aws_backup", "copy_jobs"], copy.through) && copy.max_age_hours >= 1]]))
    error_message = "copies[…].through must be snapshots, aws_backup or copy_jobs, and max_age_hours at least 1."
  }

  validation {
    condition     = var.backup_verification == null ? true : alltrue(flatten([for plan in values(var.backup_verification.targets) : [for copy in plan.copies : copy.through == "copy_jobs" ? copy.role_arn == null : copy.account_id == null]]))
    error_message = "copies[…].role_arn looks into another account, and account_id names one for through = copy_jobs, which looks at the jobs at home: set the one that fits."
  }

  validation {
    condition = var.backup_verification == null ? true : alltrue([
      for plan in values(var.backup_verification.targets) : plan.aws_backup == null ? true : plan.aws_backup.max_age_hours >= 1 && plan.aws_backup.look_back_days >= 1 && plan.aws_backup.look_back_days <= 30
    ])
    error_message = "aws_backup needs max_age_hours of at least 1 and look_back_days from 1 to 30: AWS Backup keeps jobs for 30 days."
  }

  validation {
    condition = var.backup_verification == null ? true : alltrue([
      for plan in values(var.backup_verification.targets) : plan.velero == null ? true : (
        min(plan.velero.grace_minutes, plan.velero.max_age_hours, plan.velero.look_back_days, plan.velero.max_validation_age_minutes) >= 1 && plan.velero.compare_last >= 3 && plan.velero.compare_last <= 60
      )
    ])
    error_message = "velero needs times of at least 1 and compare_last from 3 to 60: a median needs at least 3."
  }

  validation {
    condition = var.backup_verification == null ? true : alltrue(flatten([
      for plan in values(var.backup_verification.targets) : [
        for d in plan.dumps : d.max_age_hours >= 1 && d.min_bytes >= 1 && d.compare_last >= 3 && d.compare_last <= 60 && d.prefix != "" && !startswith(d.prefix, "/")
      ]
    ]))
    error_message = "dumps[…] needs max_age_hours and min_bytes of at least 1, compare_last from 3 to 60 and a prefix that does not begin with /."
  }

  validation {
    condition     = var.backup_verification == null ? true : alltrue([for plan in values(var.backup_verification.targets) : length(distinct(plan.dumps[*].name)) == length(plan.dumps)])
    error_message = "Two dumps of a target have the same name."
  }

  validation {
    condition = var.backup_verification == null ? true : alltrue([
      for plan in values(var.backup_verification.targets) : plan.restore_proof == null ? true : (
        plan.restore_proof.max_age_days >= 1 && (plan.restore_proof.aws_backup || plan.restore_proof.velero || plan.restore_proof.record != null || plan.restore_proof.declared != null)
      )
    ])
    error_message = "restore_proof needs max_age_days of at least 1 and a place where a proof can be read: aws_backup, velero, record or declared."
  }

  validation {
    condition = var.backup_verification == null ? true : alltrue(flatten([
      for plan in values(var.backup_verification.targets) : [
        for percent in compact(concat([try(plan.velero.max_item_drop_percent, null)], plan.dumps[*].max_shrink_percent)) : percent >= 1 && percent <= 100
      ]
    ]))
    error_message = "A percentage must be from 1 to 100."
  }

  validation {
    condition     = var.backup_verification == null ? true : alltrue([for plan in values(var.backup_verification.targets) : can(formatdate("YYYY-MM-DD", "${coalesce(try(plan.restore_proof.declared.on, null), "2026-01-01")}T00:00:00Z"))])
    error_message = "restore_proof.declared.on must be a day as YYYY-MM-DD."
  }
}
