# Deployed with the first function that has a schedule. Its own heartbeat is guarded by the alarm below.
module "watchdog" {
  source = "./modules/ops-function"
  count  = local.watchdog == null ? 0 : 1

  name         = "watchdog"
  name_prefix  = var.name
  description  = "Says which scheduled report is missing, and since when."
  package      = "${var.package_dir}/watchdog.zip"
  architecture = var.architecture

  memory_mb             = var.watchdog.memory_mb
  timeout_seconds       = var.watchdog.timeout_seconds
  reserved_concurrency  = var.watchdog.reserved_concurrency
  max_event_age_seconds = 900 # the next look is the better second try
  environment           = local.settings_environment["watchdog"]

  trigger            = file("${path.module}/../functions/watchdog/trigger.json")
  schedule_overrides = var.watchdog.schedules
  schedules_enabled  = var.schedules_enabled
  zone               = var.zone
  targets            = local.watchdog.targets

  permissions_file         = "${path.module}/../functions/watchdog/permissions.json"
  permission_values        = local.permission_values["watchdog"]
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
  # What has a schedule, by the same files that make the schedules; what is added later is watched without a word here.
  watched = {
    for name, function in local.reporting_functions : name => {
      schedules = {
        for schedule in jsondecode(file("${path.module}/../functions/${name}/trigger.json")).schedules :
        schedule.task => lookup(try(function.schedules, {}), schedule.task, schedule.cron)
      }
      targets       = function.targets
      calendar      = function.calendar
      grace_minutes = try(function.grace_minutes, null)
    } if length(jsondecode(file("${path.module}/../functions/${name}/trigger.json")).schedules) > 0 && length(function.targets) > 0
  }

  watchdog = var.watchdog == null || length(local.watched) == 0 ? null : {
    mail    = var.watchdog.mail
    targets = [local.own_target]

    # A report that is missing on a Friday is still missing on Saturday.
    calendar = { working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], holidays = [], exceptions = [] }
    lists    = {}

    settings = {
      functions   = { for name, function in local.watched : name => { for key, value in function : key => value if value != null } }
      calendar    = var.calendar
      not_watched = var.watchdog.not_watched
    }
  }
}

# Who watches the watchdog. Its heartbeat is written when its report is out; without one for so long, nothing else here would
# tell that reports are missing. It rings from the first minute of a deployment until the first look, and as long as
# the schedules are switched off: nobody is watching then.
resource "aws_cloudwatch_metric_alarm" "watchdog" {
  count = local.watchdog == null || !var.operations.alarms ? 0 : 1

  alarm_name        = "${var.name}-watchdog"
  alarm_description = "The watchdog of ${var.name} has not reported for ${var.watchdog.silent_hours} h: nobody notices now which reports are missing. See whether its schedule is enabled, what its log says, and call it by hand: aws lambda invoke --function-name ${var.name}-watchdog"

  namespace           = "Day2"
  metric_name         = "Heartbeat"
  dimensions          = { function = "watchdog", target = local.own_target, task = "look" }
  statistic           = "SampleCount"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"

  # Where datapoints are missing, CloudWatch reads more periods than it evaluates (two more in the tables of its user guide, "Configuring
  # how CloudWatch alarms treat missing data"), and evaluates what it finds there. One hour evaluated twice would ring after five. So it
  # is one period of a third: silence rings after silent_hours, and a third more at the most.
  period             = var.watchdog.silent_hours * 1200
  evaluation_periods = 1

  alarm_actions = [local.operations_topic_arn]
  ok_actions    = [local.operations_topic_arn]

  tags = local.tags
}
