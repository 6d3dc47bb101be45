# What every function gets, whatever it does.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:mock" } }
  mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws:events:us-east-1:123456789012:rule/mock" } }
}

variables {
  name              = "some-check"
  name_prefix       = "day2"
  description       = "Checks something."
  package           = "tests/fixtures/function.zip"
  trigger           = "{\"schedules\":[{\"task\":\"morning\",\"cron\":\"cron(30 6 * * ? *)\"},{\"task\":\"evening\",\"cron\":\"cron(30 18 * * ? *)\"}],\"event_patterns\":[]}"
  targets           = ["prod-a", "prod-b"]
  zone              = "Europe/Berlin"
  permissions_file  = "tests/fixtures/permissions.json"
  permission_values = { cluster_arns = "arn:aws:eks:us-east-1:123456789012:cluster/a\", \"arn:aws:eks:us-east-1:123456789012:cluster/b", optional_arns = "" }
  failure_queue_arn = "arn:aws:sqs:us-east-1:123456789012:day2-failures"
}

run "the_function_is_an_arm64_bootstrap_with_json_logs_and_traces" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.function_name == "day2-some-check" && aws_lambda_function.this.runtime == "provided.al2023" && aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "the function must run its own bootstrap on arm64"
  }

  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_format == "JSON" && aws_lambda_function.this.logging_config[0].log_group == aws_cloudwatch_log_group.this.name && aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "logs must be JSON in the log group that has a retention, and traces must be on"
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("tests/fixtures/function.zip")
    error_message = "a new package must be deployed"
  }
}

run "logs_are_not_kept_for_ever_o01" {
  command = plan

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/day2-some-check" && aws_cloudwatch_log_group.this.retention_in_days == 90
    error_message = "the log group needs a retention"
  }
}

run "a_failed_event_is_tried_again_and_then_kept_o01" {
  command = plan

  assert {
    condition     = aws_lambda_function_event_invoke_config.this.maximum_retry_attempts == 2 && aws_lambda_function_event_invoke_config.this.maximum_event_age_in_seconds == 3600 && aws_lambda_function_event_invoke_config.this.destination_config[0].on_failure[0].destination == var.failure_queue_arn
    error_message = "retries, greatest age and failure destination must be set"
  }

  assert {
    condition     = alltrue([for s in aws_scheduler_schedule.this : s.target[0].dead_letter_config[0].arn == var.failure_queue_arn && s.target[0].retry_policy[0].maximum_retry_attempts == 2 && s.target[0].retry_policy[0].maximum_event_age_in_seconds == 3600])
    error_message = "an event that Scheduler cannot deliver must be tried again and then kept"
  }
}

run "each_task_is_scheduled_for_each_target_in_the_zone" {
  command = plan

  assert {
    condition     = join(" ", keys(aws_scheduler_schedule.this)) == "evening-prod-a evening-prod-b morning-prod-a morning-prod-b"
    error_message = "one schedule per task and target"
  }

  assert {
    condition     = alltrue([for s in aws_scheduler_schedule.this : s.schedule_expression_timezone == "Europe/Berlin" && s.flexible_time_window[0].mode == "OFF" && s.state == "ENABLED"])
    error_message = "schedules must fire at the minute, in the zone of the deployment"
  }

  assert {
    condition     = aws_scheduler_schedule.this["morning-prod-a"].schedule_expression == "cron(30 6 * * ? *)"
    error_message = "the expression must be that of trigger.json"
  }
}

run "scheduler_sees_its_placeholder_e20" {
  command = plan

  assert {
    condition     = strcontains(aws_scheduler_schedule.this["morning-prod-a"].target[0].input, "\"<aws.scheduler.scheduled-time>\"")
    error_message = "the placeholder must not be escaped: Scheduler would not fill it"
  }

  assert {
    condition     = jsondecode(aws_scheduler_schedule.this["morning-prod-a"].target[0].input) == { task = "morning", target = "prod-a", scheduled_at = "<aws.scheduler.scheduled-time>" }
    error_message = "the input must name task, target and time"
  }
}

run "a_schedule_can_be_moved" {
  command = plan

  variables {
    schedule_overrides = { morning = "cron(15 5 * * ? *)" }
    schedules_enabled  = false
  }

  assert {
    condition     = aws_scheduler_schedule.this["morning-prod-a"].schedule_expression == "cron(15 5 * * ? *)" && aws_scheduler_schedule.this["evening-prod-a"].schedule_expression == "cron(30 18 * * ? *)"
    error_message = "only the named task moves"
  }

  assert {
    condition     = alltrue([for s in aws_scheduler_schedule.this : s.state == "DISABLED"])
    error_message = "schedules_enabled = false must stop them"
  }
}

run "scheduler_may_call_this_function_only_and_from_its_own_group_only_o06" {
  command = plan

  assert {
    condition     = jsondecode(aws_iam_role_policy.scheduler[0].policy).Statement[0].Resource == ["arn:aws:lambda:us-east-1:123456789012:function:day2-some-check"]
    error_message = "the scheduler's role must call one function"
  }

  assert {
    condition = jsondecode(aws_iam_role.scheduler[0].assume_role_policy).Statement[0].Condition.StringEquals == {
      "aws:SourceAccount" = "123456789012"
      "aws:SourceArn"     = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/day2-some-check"
    }
    error_message = "the role may be assumed for this schedule group only"
  }
}

run "the_role_is_the_file_and_nothing_else" {
  command = plan

  assert {
    condition     = jsondecode(aws_iam_role_policy.permissions.policy).Statement == [{ Sid = "Find", Effect = "Allow", Action = ["eks:DescribeCluster"], Resource = ["arn:aws:eks:us-east-1:123456789012:cluster/a", "arn:aws:eks:us-east-1:123456789012:cluster/b"] }]
    error_message = "permissions must be Statement of the file, lists filled in, statements without resource left out"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.implied.policy).Statement == [{ Sid = "DeliverLogs", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/day2-some-check:*"] }]
    error_message = "implied must be the implied block of the file, without its reasons"
  }
}

run "a_function_in_a_vpc_may_make_its_interfaces" {
  command = plan

  variables {
    vpc = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition     = length(jsondecode(aws_iam_role_policy.implied.policy).Statement) == 2 && aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1"])
    error_message = "a VPC needs its configuration and its permission"
  }

  assert {
    condition = toset(jsondecode(aws_iam_role_policy.interfaces[0].policy).Statement[0].Action) == toset([
      for action in flatten([for statement in jsondecode(aws_iam_role_policy.implied.policy).Statement : statement.Action if try(statement.Sid, "") == "AttachToTheVpc"]) : action
      if !startswith(action, "ec2:Describe")
      ]) && jsondecode(aws_iam_role_policy.interfaces[0].policy).Statement[0].Effect == "Deny" && jsondecode(aws_iam_role_policy.interfaces[0].policy).Statement[0].Condition == {
      ArnEquals = { "lambda:SourceFunctionArn" = "arn:aws:lambda:us-east-1:123456789012:function:day2-some-check" }
    }
    error_message = "what Lambda may do to interfaces, the code may not"
  }
}

run "event_rules_call_the_function_by_their_own_arn" {
  command = plan

  variables {
    trigger = "{\"schedules\":[],\"event_patterns\":[{\"source\":[\"aws.guardduty\"],\"detail\":{\"severity\":[{\"numeric\":[\">=\",7]}]}}]}"
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["0"].event_pattern).source == ["aws.guardduty"] && aws_cloudwatch_event_target.this["0"].dead_letter_config[0].arn == var.failure_queue_arn
    error_message = "the rule must carry the pattern, and keep what it cannot deliver"
  }

  assert {
    condition     = aws_lambda_permission.events["0"].principal == "events.amazonaws.com" && aws_lambda_permission.events["0"].source_arn == aws_cloudwatch_event_rule.this["0"].arn
    error_message = "only this rule may call the function"
  }

  assert {
    condition     = length(aws_scheduler_schedule_group.this) == 0 && length(aws_iam_role.scheduler) == 0
    error_message = "without schedules there is nobody to call it by schedule"
  }
}

run "the_function_enters_clusters_under_its_own_group" {
  command = plan

  variables {
    access_entry_clusters = ["prod-a"]
  }

  assert {
    condition     = aws_eks_access_entry.this["prod-a"].kubernetes_groups == toset(["day2:some-check"]) && aws_eks_access_entry.this["prod-a"].type == "STANDARD"
    error_message = "the access entry must name the group that infra/kubernetes binds, and no access policy"
  }
}

run "concurrency_is_reserved_only_when_asked" {
  command = plan

  variables {
    reserved_concurrency = 2
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == 2
    error_message = "reserved_concurrency must reach the function"
  }
}

run "bound_alarms_call_the_function_by_rules_of_five" {
  command = plan

  variables {
    trigger    = "{\"schedules\":[],\"event_patterns\":[{\"source\":[\"aws.cloudwatch\"],\"resources\":[\"$${alarm_arns}\"],\"detail\":{\"state\":{\"value\":[\"ALARM\"]}}},{\"source\":[\"aws.guardduty\"]}]}"
    alarm_arns = [for n in range(7) : "arn:aws:cloudwatch:us-east-1:123456789012:alarm:latency & more ${n}"]
  }

  assert {
    condition     = join(" ", keys(aws_cloudwatch_event_rule.this)) == "0-0 0-1 1"
    error_message = "seven alarms are two rules, beside the pattern that names none"
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this["0-1"].event_pattern) == {
      source    = ["aws.cloudwatch"]
      resources = [for n in [5, 6] : "arn:aws:cloudwatch:us-east-1:123456789012:alarm:latency & more ${n}"]
      detail    = { state = { value = ["ALARM"] } }
    }
    error_message = "the rule must name its alarms and nothing else"
  }

  assert {
    condition     = alltrue([for rule in keys(aws_cloudwatch_event_rule.this) : aws_lambda_permission.events[rule].source_arn == aws_cloudwatch_event_rule.this[rule].arn && aws_cloudwatch_event_target.this[rule].dead_letter_config[0].arn == var.failure_queue_arn])
    error_message = "each rule needs its permission, and keeps what it cannot deliver"
  }
}

run "alarms_with_the_longest_names_fit_into_their_rules" {
  command = plan

  variables {
    trigger    = "{\"schedules\":[],\"event_patterns\":[{\"source\":[\"aws.cloudwatch\"],\"detail-type\":[\"CloudWatch Alarm State Change\"],\"resources\":[\"$${alarm_arns}\"],\"detail\":{\"state\":{\"value\":[\"ALARM\"]}}}]}"
    alarm_arns = [for n in range(6) : "arn:aws-us-gov:cloudwatch:us-gov-east-1:123456789012:alarm:${n}${join("", [for m in range(254) : "x"])}"]
  }

  assert {
    condition     = alltrue([for rule in aws_cloudwatch_event_rule.this : length(rule.event_pattern) <= 2048])
    error_message = "EventBridge refuses a pattern of more than 2,048 characters"
  }
}

run "without_alarms_their_rule_is_left_out" {
  command = plan

  variables {
    trigger = "{\"schedules\":[],\"event_patterns\":[{\"source\":[\"aws.cloudwatch\"],\"resources\":[\"$${alarm_arns}\"]}]}"
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.this) == 0 && length(aws_lambda_permission.events) == 0
    error_message = "a rule without ARNs would match every alarm of the account"
  }
}

run "topics_that_alarms_notify_call_the_function" {
  command = plan

  variables {
    alarm_topic_arns = ["arn:aws:sns:us-east-1:123456789012:alerts", "arn:aws:sns:us-east-1:222222222222:alerts"]
  }

  assert {
    condition     = aws_sns_topic_subscription.alarms["arn:aws:sns:us-east-1:123456789012:alerts"].protocol == "lambda" && aws_sns_topic_subscription.alarms["arn:aws:sns:us-east-1:123456789012:alerts"].endpoint == aws_lambda_function.this.arn
    error_message = "the function must be subscribed"
  }

  assert {
    condition     = jsondecode(aws_sns_topic_subscription.alarms["arn:aws:sns:us-east-1:123456789012:alerts"].redrive_policy).deadLetterTargetArn == var.failure_queue_arn
    error_message = "what the topic cannot deliver must be kept"
  }

  assert {
    condition     = aws_sns_topic_subscription.alarms["arn:aws:sns:us-east-1:222222222222:alerts"].redrive_policy == null
    error_message = "SNS refuses a queue of another account than the topic's"
  }

  assert {
    condition     = alltrue([for arn, permission in aws_lambda_permission.topics : permission.principal == "sns.amazonaws.com" && permission.source_arn == arn && can(regex("^[A-Za-z0-9_-]+$", permission.statement_id))])
    error_message = "only this topic may call the function"
  }
}

run "an_alarm_may_call_the_function_as_its_own_action" {
  command = plan

  variables {
    calling_alarm_arns = ["arn:aws:cloudwatch:us-east-1:222222222222:alarm:P95 of provisioning"]
  }

  assert {
    condition     = alltrue([for arn, permission in aws_lambda_permission.alarms : permission.principal == "lambda.alarms.cloudwatch.amazonaws.com" && permission.source_arn == arn && permission.source_account == "222222222222" && can(regex("^[A-Za-z0-9_-]+$", permission.statement_id))])
    error_message = "only this alarm, in its own account, may call the function"
  }
}

run "nobody_may_call_the_function_unasked" {
  command = plan

  assert {
    condition     = length(aws_lambda_permission.topics) + length(aws_lambda_permission.alarms) + length(aws_lambda_permission.events) + length(aws_sns_topic_subscription.alarms) == 0
    error_message = "a function without triggers must let nobody in"
  }
}
