# How Day2 itself is watched, and what it lets in: one plan, one assertion for each rule. tests/tests/house/infra.rs breaks a copy
# of this folder in each of them, and requires that each assertion says so.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API_AND_CONFIG_MAP" }] } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:mock" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" } }
}

variables {
  zone                = "America/New_York"
  package_dir         = "tests/fixtures"
  email_subscriptions = ["sre@example.com"]
  invocation_trail    = true
  forwarding_roles    = ["arn:aws:iam::222222222222:role/day2-forward-us-east-1", "arn:aws:iam::222222222222:role/day2-forward-eu-west-1"]
  calendar            = { holidays = [{ date = "2026-12-25", name = "Christmas" }] }
  watchdog            = { not_watched = { "scale-window/postscale/prod-b" = "moved in May" } }
  targets = [for name in ["prod-a", "prod-b"] : {
    name      = name
    topic_arn = name == "prod-a" ? "arn:aws:sns:us-east-1:123456789012:alerts" : "arn:aws:sns:us-east-1:222222222222:theirs"
    cluster   = { name = name }
    database  = { id = name }
    node_groups = [
      { name = "control", auto_scaling_group = "${name}-control", selector = { node-group = "control" } },
      { name = "workspace", auto_scaling_group = "${name}-workspace", selector = { node-group = "workspace" } },
    ]
  }]
  scale_window = {
    schedules = { prescale = "cron(15 5 * * ? *)" }
    targets = {
      for name in ["prod-a", "prod-b"] : name => {
        control     = { groups = [{ node_group = "control", min_ready = 2 }] }
        groups      = [{ node_group = "workspace", before = 10, peak = 50, after = 10, min = 10, max = 60 }]
        not_checked = ["workloads", "nat", "schedule", "quotas", "probes"]
      }
    }
  }
  connection_exhaustion = {
    safety = { mode = "observe" }
    targets = {
      prod-a = {
        alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-connections"]
        clients    = [{ name = "coder", namespace = "coder", deployment = "coder", pool_size = 20 }]
      }
    }
  }
}

run "day2_itself_is_watched_and_closed" {
  command = plan

  assert {
    condition = output.alarms == sort(concat(
      ["day2-failures", "day2-watchdog", "day2-undelivered-alerts", "day2-undelivered-day2-operations", "day2-undelivered-day2-reports"],
      [for pair in setproduct(keys(output.functions), ["dead-letters", "destination", "duration", "errors", "event-age", "throttles"]) : "day2-${pair[0]}-${pair[1]}"],
    ))
    error_message = "O02: each function needs its six alarms, beside those of the queue of failures, of the watchdog and of the topics"
  }

  assert {
    condition     = alltrue([for alarm in [aws_cloudwatch_metric_alarm.failures[0], aws_cloudwatch_metric_alarm.watchdog[0]] : alarm.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:day2-operations"]) && alarm.ok_actions == alarm.alarm_actions])
    error_message = "O02: alarms must notify the topic that no function listens to"
  }

  assert {
    condition     = [for alarm in aws_cloudwatch_metric_alarm.failures : "${alarm.namespace} ${alarm.metric_name} ${alarm.dimensions.QueueName} ${alarm.statistic} ${alarm.comparison_operator} ${alarm.threshold} ${alarm.period} ${alarm.evaluation_periods} ${alarm.treat_missing_data}"] == ["AWS/SQS ApproximateNumberOfMessagesVisible day2-failures Maximum GreaterThanThreshold 0 300 1 notBreaching"] && alltrue([for alarm in aws_cloudwatch_metric_alarm.failures : alarm.extended_statistic == null && alarm.datapoints_to_alarm == null])
    error_message = "O02: the first message in the queue of failures must ring, and an empty queue must not"
  }

  assert {
    condition     = [for name, alarm in aws_cloudwatch_metric_alarm.undelivered : name] == ["alerts", "day2-operations", "day2-reports"]
    error_message = "O02: each topic of this account and region that people are told through needs its alarm, and no other has one"
  }

  assert {
    condition     = alltrue([for name, alarm in aws_cloudwatch_metric_alarm.undelivered : alarm.namespace == "AWS/SNS" && alarm.metric_name == "NumberOfNotificationsFailed" && alarm.dimensions == tomap({ TopicName = name }) && alarm.statistic == "Sum" && alarm.comparison_operator == "GreaterThanThreshold" && alarm.threshold == 0 && alarm.period == 300 && alarm.evaluation_periods == 1 && alarm.datapoints_to_alarm == null && alarm.treat_missing_data == "notBreaching" && alarm.alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:day2-operations"])])
    error_message = "O02: what SNS could not deliver must ring at the topic that no function listens to, and a topic without messages must not"
  }

  assert {
    condition     = [for subscription in aws_sns_topic_subscription.operations_email : subscription.endpoint] == ["sre@example.com"]
    error_message = "O02: who gets the reports must be told when they stop"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.watchdog[0].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.watchdog[0].comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.watchdog[0].threshold == 1 && aws_cloudwatch_metric_alarm.watchdog[0].statistic == "SampleCount" && aws_cloudwatch_metric_alarm.watchdog[0].period == 2400 && aws_cloudwatch_metric_alarm.watchdog[0].evaluation_periods == 1
    error_message = "O03: silence of the watchdog must ring"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.watchdog[0].namespace == "Day2" && aws_cloudwatch_metric_alarm.watchdog[0].metric_name == "Heartbeat" && aws_cloudwatch_metric_alarm.watchdog[0].dimensions == tomap({ function = "watchdog", target = jsondecode(output.settings["watchdog"]).targets[0].name, task = jsondecode(values(output.functions["watchdog"].schedules)[0].input).task })
    error_message = "O03: the alarm must be on the metric that the watchdog writes"
  }

  assert {
    condition = jsonencode(sort([
      for name, function in output.functions : jsonencode([name, sort([for schedule in values(function.schedules) : "${jsondecode(schedule.input).task} ${jsondecode(schedule.input).target} ${schedule.expression}"])]) if name != "watchdog" && length(function.schedules) > 0
      ])) == jsonencode(sort([
      for name, function in jsondecode(output.settings["watchdog"]).function.functions : jsonencode([name, sort(flatten([for task, expression in function.schedules : [for target in function.targets : "${task} ${target} ${expression}"]]))])
    ]))
    error_message = "O03: the watchdog must know every schedule that is made, as it is made"
  }

  assert {
    condition     = jsondecode(output.settings["watchdog"]).function.calendar.holidays[0].date == "2026-12-25" && length(jsondecode(output.settings["watchdog"]).calendar.working_days) == 7 && length(jsondecode(output.settings["watchdog"]).calendar.holidays) == 0
    error_message = "O03: the reports are due by the calendar of the deployment, and the watchdog itself rests on no day"
  }

  assert {
    condition     = alltrue([for function in values(jsondecode(output.settings["watchdog"]).function.functions) : function.grace_minutes >= 15 && function.grace_minutes <= 1440]) && jsondecode(output.settings["watchdog"]).function.not_watched == { "scale-window/postscale/prod-b" = "moved in May" }
    error_message = "O03: a report may come as late as its event is tried again, and what is left out is named with its reason"
  }

  assert {
    condition     = [for statement in jsondecode(module.watchdog[0].permissions).Statement : statement.Sid] == ["KeepTheJournal", "StoreReports", "MailReports"]
    error_message = "O05: the watchdog reads the journal, and nothing of any platform"
  }

  assert {
    condition     = length([for s in jsondecode(aws_sns_topic_policy.operations[0].policy).Statement : s if try(s.Principal.Service, "") == "cloudwatch.amazonaws.com" && try(s.Condition.StringEquals["aws:SourceAccount"], "") == "123456789012" && try(s.Condition.ArnLike["aws:SourceArn"], "") == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:day2-*"]) == 1
    error_message = "O07: the alarms of this deployment must be able to publish, and no other"
  }

  assert {
    condition = alltrue([for s in concat(jsondecode(aws_sns_topic_policy.operations[0].policy).Statement, jsondecode(aws_sns_topic_policy.reports.policy).Statement, jsondecode(aws_sqs_queue.failures.policy).Statement, jsondecode(aws_s3_bucket_policy.trail[0].policy).Statement) :
    s.Effect == "Deny" || can(s.Condition.StringEquals["aws:SourceAccount"]) || can(s.Condition.StringEquals["aws:SourceArn"]) || can(s.Condition.ArnLike["aws:SourceArn"]) || can(s.Condition.ArnEquals["aws:SourceArn"])])
    error_message = "O06: whoever is let in must be held to a source"
  }

  assert {
    condition     = [for s in jsondecode(aws_kms_key.this.policy).Statement : join(" ", sort(s.Condition.StringEquals["kms:EncryptionContext:aws:sns:topicArn"])) if try(s.Principal.Service, "") == "cloudwatch.amazonaws.com"] == ["arn:aws:sns:us-east-1:123456789012:day2-operations arn:aws:sns:us-east-1:123456789012:day2-reports"] && aws_sns_topic.operations[0].kms_master_key_id == aws_kms_key.this.arn
    error_message = "O07: the key must let CloudWatch encrypt for both topics, or alarms are dropped silently"
  }

  assert {
    condition     = alltrue([for policy in [aws_sns_topic_policy.operations[0].policy, aws_s3_bucket_policy.trail[0].policy] : contains([for s in jsondecode(policy).Statement : try(s.Condition.Bool["aws:SecureTransport"], "") if s.Effect == "Deny"], "false")])
    error_message = "O10: topic and bucket must refuse what does not come over TLS"
  }

  assert {
    condition     = aws_s3_bucket_versioning.trail[0].versioning_configuration[0].status == "Enabled" && !aws_s3_bucket.trail[0].force_destroy && alltrue([aws_s3_bucket_public_access_block.trail[0].block_public_acls, aws_s3_bucket_public_access_block.trail[0].block_public_policy, aws_s3_bucket_public_access_block.trail[0].ignore_public_acls, aws_s3_bucket_public_access_block.trail[0].restrict_public_buckets]) && aws_cloudtrail.invocations[0].enable_log_file_validation
    error_message = "O10: the trail must be closed, versioned, validated, and not destroyed with what is in it"
  }

  assert {
    condition     = contains([for selector in flatten(aws_cloudtrail.invocations[0].advanced_event_selector[*].field_selector[*]) : try(join("", selector.starts_with), "") if selector.field == "resources.ARN"], "arn:aws:lambda:us-east-1:123456789012:function:day2-")
    error_message = "the trail must record calls of these functions, and nothing else of the account"
  }

  assert {
    condition     = alltrue([for name in keys(output.functions) : strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, "day2-${name}")])
    error_message = "the dashboard must show every function"
  }

  # Each graph by its title, with the metrics it draws: those of a search by the name in it, the others by their own.
  assert {
    condition = { for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.title => join(" ", distinct([
      for metric in widget.properties.metrics : try(regex("MetricName=\"([A-Za-z]+)\"", metric[0].expression)[0], metric[1])
      ])) if widget.type == "metric" } == {
      "Reports per hour (heartbeats)"                                    = "Heartbeat"
      "Age of the last heartbeat in seconds, as the watchdog sees it"    = "HeartbeatAgeSeconds"
      "Checks that failed, by the newest report"                         = "Failed"
      "Checks that could not be judged (UNKNOWN)"                        = "Unknown"
      "Actions: applied, refused, failed, not verified"                  = "Applied Refused ActionFailed NotVerified"
      "Leases: temporary changes and containments in force, and overdue" = "LeasesInForce LeasesOverdue"
      "Events of foreign accounts, regions or clusters, refused"         = "ForeignEvents"
      "Events that were given up (queue of failures)"                    = "ApproximateNumberOfMessagesVisible"
      "Errors and throttles"                                             = "Errors Throttles"
    }
    error_message = "the dashboard must show runs, verdicts, actions, leases, the age of heartbeats, and how Day2 itself is"
  }

  assert {
    condition = { for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.title => regex("(stats|display) (.*)", widget.properties.query)[1] if widget.type == "log" } == {
      "Last heartbeat, the oldest first"                                                       = "max(@timestamp) as last, latest(status) as verdict, count(*) as reports by function, task, target_name | sort last asc"
      "Changes made and taken back; what is in force stands in the sweeper's report (LSW-003)" = "@timestamp, function, target_name, outcome, page | sort @timestamp desc | limit 50"
    }
    error_message = "the dashboard must list who was heard of last and what was changed"
  }

  # Two things in one place would hide each other.
  assert {
    condition     = length(distinct([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : "${widget.x} ${widget.y}"])) == length(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets)
    error_message = "each part of the dashboard needs a place of its own"
  }

  assert {
    condition = alltrue([for s in jsondecode(aws_cloudwatch_event_bus_policy.forwarding[0].policy).Statement :
      s.Action == "events:PutEvents" && s.Principal.AWS == ["arn:aws:iam::222222222222:root"] && toset(s.Condition.ArnEquals["aws:PrincipalArn"]) == var.forwarding_roles && s.Condition["ForAllValues:StringEquals"]["events:source"] == ["aws.cloudwatch", "aws.guardduty"]
    ])
    error_message = "O06: another account may put alarms and findings by its forwarding roles, and nothing else"
  }

  assert {
    condition     = [for s in jsondecode(aws_cloudwatch_event_bus_policy.forwarding[0].policy).Statement : s.Condition["ForAllValues:StringEquals"]["events:detail-type"]] == [["CloudWatch Alarm State Change", "GuardDuty Finding"]]
    error_message = "O06: of these two services only changes of alarms and findings come in"
  }
}

run "all_of_it_can_be_left_out" {
  command = plan

  variables {
    operations       = { alarms = false, dashboard = false, tracing = false }
    invocation_trail = false
    forwarding_roles = []
    watchdog         = null
  }

  assert {
    condition     = length(output.alarms) == 0 && output.operations_topic_arn == null && length(aws_sns_topic.operations) + length(aws_cloudwatch_dashboard.this) + length(aws_cloudtrail.invocations) + length(aws_cloudwatch_event_bus_policy.forwarding) + length(module.watchdog) == 0
    error_message = "what is switched off must not be made"
  }
}

run "a_topic_of_somebody_else_is_used_and_not_made" {
  command = plan

  variables {
    operations = { topic_arn = "arn:aws:sns:us-east-1:123456789012:pager" }
  }

  assert {
    condition     = length(aws_sns_topic.operations) == 0 && aws_cloudwatch_metric_alarm.watchdog[0].alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:pager"]) && length(aws_sns_topic_subscription.operations_email) == 0
    error_message = "alarms must notify that topic, and nobody else is subscribed to it"
  }

  assert {
    condition     = [for name, alarm in aws_cloudwatch_metric_alarm.undelivered : name] == ["alerts", "day2-reports", "pager"]
    error_message = "what that topic could not deliver must ring, and there is no other topic of alarms"
  }
}
