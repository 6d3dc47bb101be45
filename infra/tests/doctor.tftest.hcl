# What the doctor is told, what it may do, and the way of its canary.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API" }] } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:mock" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" } }
  mock_resource "aws_sqs_queue" { defaults = { arn = "arn:aws:sqs:us-east-1:123456789012:mock" } }
}

variables {
  zone                = "America/New_York"
  package_dir         = "tests/fixtures"
  email_subscriptions = ["sre@example.com"]
  targets = [
    {
      name        = "prod-a"
      cluster     = { name = "prod-a" }
      database    = { id = "prod-a" }
      node_groups = [{ name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } }]
      topic_arn   = "arn:aws:sns:us-east-1:222222222222:theirs"
    },
    { name = "far", region = "eu-west-1", role_arn = "arn:aws:iam::222222222222:role/day2", cluster = { name = "far" } },
  ]
  evidence       = { bucket = "day2-evidence", key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111" }
  evidence_audit = { targets = { prod-a = {} } }
  connection_exhaustion = {
    safety           = { mode = "observe" }
    alarm_topic_arns = ["arn:aws:sns:us-east-1:123456789012:alerts"]
    alarms_may_call  = true
    targets = {
      prod-a = {
        alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-connections"]
        clients    = [{ name = "coder", namespace = "coder", deployment = "coder", pool_size = 20 }]
      }
    }
  }
  doctor = { not_checked = { "evidence-audit/EVA-802" = "nothing was ever contained here" } }
}

run "the_doctor_is_told_what_is_deployed" {
  command = plan

  assert {
    condition     = keys(jsondecode(output.settings["doctor"]).function.functions) == keys(output.functions)
    error_message = "the doctor must examine every function that is deployed, itself included"
  }

  assert {
    condition = alltrue([
      for name, function in jsondecode(output.settings["doctor"]).function.functions :
      jsonencode(function.schedules) == jsonencode({ for schedule, made in output.functions[name].schedules : schedule => made.expression })
      && jsonencode(function.inputs) == jsonencode({ for schedule, made in output.functions[name].schedules : schedule => made.input })
      && toset(function.alarms) == toset(output.functions[name].health_alarms)
      && toset(function.clusters) == output.functions[name].access_entries
      && function.kubernetes_group == output.functions[name].kubernetes_group
      && function.arn == "arn:aws:lambda:us-east-1:123456789012:function:${output.functions[name].function_name}"
      && function.role_arn == "arn:aws:iam::123456789012:role/${output.functions[name].role_name}"
    ])
    error_message = "the doctor must be told what Terraform makes, and nothing else"
  }

  assert {
    condition = alltrue([
      for name, function in jsondecode(output.settings["doctor"]).function.functions :
      jsonencode(try(function.scheduler, null)) == jsonencode(length(output.functions[name].schedules) == 0 ? null : {
        role_arn = "arn:aws:iam::123456789012:role/day2-${name}-scheduler"
        permissions = [
          { actions = ["lambda:InvokeFunction"], resources = ["arn:aws:lambda:us-east-1:123456789012:function:day2-${name}"] },
          { actions = ["sqs:SendMessage"], resources = ["arn:aws:sqs:us-east-1:123456789012:day2-failures"] },
        ]
      })
    ])
    error_message = "the doctor must know the role that the schedules of a function call it with, and what that must be allowed"
  }

  assert {
    condition = alltrue([
      for name, function in jsondecode(output.settings["doctor"]).function.functions :
      jsonencode(function.event_rules) == jsonencode(output.functions[name].event_rules)
      && join(" ", sort([for caller in function.callers : "${caller.principal}=${caller.source_arn}"])) == join(" ", sort(concat(
        [for rule in keys(output.functions[name].event_rules) : "events.amazonaws.com=arn:aws:events:us-east-1:123456789012:rule/${rule}"],
        [for arn in output.functions[name].topics : "sns.amazonaws.com=${arn}"],
        [for arn in output.functions[name].calling_alarms : "lambda.alarms.cloudwatch.amazonaws.com=${arn}"],
      )))
    ]) && length(jsondecode(output.settings["doctor"]).function.functions["connection-exhaustion"].callers) == 3
    error_message = "the doctor must know every rule that calls a function, and whatever else may call it"
  }

  assert {
    condition = alltrue([
      for name, function in jsondecode(output.settings["doctor"]).function.functions : name == "doctor" ? !can(function.settings_sha256) : function.settings_sha256 == sha256(output.settings[name])
    ])
    error_message = "the doctor must know the hash of every settings document but its own"
  }

  assert {
    condition = jsonencode(jsondecode(output.settings["doctor"]).function.functions["evidence-audit"].permissions) == jsonencode(concat(
      [
        for statement in jsondecode(module.evidence_audit[0].permissions).Statement : {
          actions    = statement.Action, resources = statement.Resource,
          conditions = can(statement.Condition) ? [{ key = "s3:prefix", values = ["evidence/*"] }] : []
        }
      ],
      [
        { actions = ["logs:CreateLogStream", "logs:PutLogEvents"], conditions = [], resources = ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/day2-evidence-audit:*"] },
        { actions = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], conditions = [], resources = ["*"] },
        { actions = ["sqs:SendMessage"], conditions = [], resources = ["arn:aws:sqs:us-east-1:123456789012:day2-failures"] },
        {
          actions    = ["kms:Decrypt", "kms:GenerateDataKey"], resources = ["arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"],
          conditions = [{ key = "kms:ViaService", values = ["sns.*.amazonaws.com*"] }]
        },
        {
          actions    = ["kms:Decrypt"], resources = ["arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"],
          conditions = [{ key = "kms:ViaService", values = ["s3.*.amazonaws.com*"] }]
        },
      ],
    ))
    error_message = "the doctor must simulate exactly the statements of a role, those of what AWS calls with it included, with their conditions"
  }

  assert {
    condition     = jsondecode(output.settings["doctor"]).function.calling_alarms == ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-connections"] && jsondecode(output.settings["doctor"]).function.operations_topic_arn == "arn:aws:sns:us-east-1:123456789012:day2-operations"
    error_message = "the doctor must know the alarms that call functions, and whom the others notify"
  }

  assert {
    condition = toset(concat(
      jsondecode(output.settings["doctor"]).function.alarms,
      flatten([for function in values(jsondecode(output.settings["doctor"]).function.functions) : function.alarms]),
    )) == toset(output.alarms)
    error_message = "the doctor must know every alarm about Day2 itself, also those that are about no single function"
  }

  assert {
    condition     = [for target in jsondecode(output.settings["doctor"]).function.platforms : target.name] == ["far", "prod-a"] && jsondecode(output.settings["doctor"]).targets[0].name == "day2" && jsondecode(output.settings["doctor"]).function.not_checked == { "evidence-audit/EVA-802" = "nothing was ever contained here" }
    error_message = "the doctor must look at every platform, and report on the deployment"
  }

  assert {
    condition     = jsondecode(output.settings["doctor"]).function.topics == ["arn:aws:sns:us-east-1:123456789012:day2-reports", "arn:aws:sns:us-east-1:123456789012:day2-operations"] && jsondecode(output.settings["doctor"]).function.topics_elsewhere == ["arn:aws:sns:us-east-1:222222222222:theirs"]
    error_message = "the doctor must look at the topics of this account and region, and say which others it cannot see"
  }

  assert {
    condition     = aws_s3_object.settings["doctor"].content == output.settings["doctor"] && contains([for statement in jsondecode(module.doctor[0].permissions).Statement : join("", statement.Resource) if statement.Sid == "ReadSettingsTooLargeForTheEnvironment"], "arn:aws:s3:::day2-reports-123456789012-us-east-1/settings/doctor/*")
    error_message = "the doctor must find its settings, which never fit into the environment"
  }

  assert {
    condition     = contains(flatten([for never in jsondecode(output.settings["doctor"]).function.never : never.actions if never.but == ["evidence-audit"]]), "s3:GetObjectVersion") && contains(flatten([for never in jsondecode(output.settings["doctor"]).function.never : never.actions if never.resources == ["*"]]), "iam:PassRole")
    error_message = "O05: what no role may do must be proven, but for the functions whose task it is"
  }

  assert {
    condition     = contains(keys(jsondecode(output.settings["watchdog"]).function.functions), "doctor")
    error_message = "O03: the watchdog must tell when the doctor is silent"
  }
}

run "the_doctor_may_look_and_ask_and_nothing_else_o05" {
  command = plan

  assert {
    condition = toset(flatten([for statement in jsondecode(module.doctor[0].permissions).Statement : statement.Resource if contains(statement.Action, "lambda:InvokeFunction")])) == toset([
      for name in keys(output.functions) : "arn:aws:lambda:us-east-1:123456789012:function:day2-${name}" if name != "doctor"
    ])
    error_message = "O05: the doctor may call the deployed functions, and no others"
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(module.doctor[0].permissions).Statement : statement.Resource if contains(statement.Action, "lambda:GetFunctionConfiguration")])) == toset([
      for name in keys(output.functions) : "arn:aws:lambda:us-east-1:123456789012:function:day2-${name}"
    ])
    error_message = "O05: the doctor may look at the deployed functions, itself included, and at no others"
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(module.doctor[0].permissions).Statement : statement.Resource if contains(statement.Action, "scheduler:GetSchedule")])) == toset([
      for name, function in output.functions : "arn:aws:scheduler:us-east-1:123456789012:schedule/day2-${name}/*" if length(function.schedules) > 0
    ])
    error_message = "O05: the doctor may look at the schedules of functions that have some, and at no others"
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(module.doctor[0].permissions).Statement : statement.Resource if contains(statement.Action, "eks:DescribeAccessEntry")])) == toset([
      for name, function in output.functions : "arn:aws:eks:us-east-1:123456789012:access-entry/*/role/123456789012/day2-${name}/*" if length(function.access_entries) > 0
    ])
    error_message = "O05: the doctor may look at the access entries of functions that enter clusters, and at no others"
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(module.doctor[0].permissions).Statement : statement.Resource if statement.Action == ["iam:SimulatePrincipalPolicy"]])) == toset(concat(
      [for name in keys(output.functions) : "arn:aws:iam::123456789012:role/day2-${name}"],
      [for name, function in output.functions : "arn:aws:iam::123456789012:role/day2-${name}-scheduler" if length(function.schedules) > 0],
    ))
    error_message = "O05: the doctor may ask about the roles of the deployed functions and their schedules, and about no others"
  }

  assert {
    condition = { for statement in jsondecode(module.doctor[0].permissions).Statement : join(" ", statement.Action) => join(" ", statement.Resource) if strcontains(join(" ", statement.Action), "kms:") || contains(statement.Action, "sns:GetTopicAttributes") } == {
      "sns:GetTopicAttributes"           = "arn:aws:sns:us-east-1:123456789012:day2-operations"
      "kms:DescribeKey kms:GetKeyPolicy" = "arn:aws:kms:us-east-1:123456789012:key/*"
    }
    error_message = "O05: the doctor may read the policies of the topic of alarms and of keys beside it, and no others"
  }

  assert {
    condition     = flatten([for statement in jsondecode(module.doctor[0].permissions).Statement : statement.Resource if contains(statement.Action, "events:DescribeRule")]) == ["arn:aws:events:us-east-1:123456789012:rule/day2-connection-exhaustion-*"]
    error_message = "O05: the doctor may look at the event rules of deployed functions, and at no others"
  }

  assert {
    condition = length(setsubtract(flatten([for statement in jsondecode(module.doctor[0].permissions).Statement : statement.Action]), [
      "autoscaling:DescribeAutoScalingGroups", "cloudwatch:DescribeAlarms", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
      "eks:DescribeAccessEntry", "eks:DescribeCluster", "events:DescribeRule", "events:ListTargetsByRule", "iam:SimulatePrincipalPolicy",
      "kms:DescribeKey", "kms:GetKeyPolicy", "lambda:GetFunctionConfiguration", "lambda:GetPolicy", "lambda:InvokeFunction", "rds:DescribeDBClusters", "s3:GetObject", "s3:PutObject", "scheduler:GetSchedule",
      "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:Publish", "sqs:DeleteMessage", "sqs:ReceiveMessage", "sts:AssumeRole",
    ])) == 0
    error_message = "O05: the doctor may change nothing but journal, report and canary"
  }
}

run "the_interfaces_are_simulated_where_functions_run_in_a_vpc" {
  command = plan

  variables {
    vpc = { subnet_ids = ["subnet-0123456789abcdef0"], security_group_ids = ["sg-0123456789abcdef0"] }
  }

  assert {
    condition = alltrue([
      for function in values(jsondecode(output.settings["doctor"]).function.functions) :
      contains(flatten([for permission in function.permissions : permission.actions if permission.resources == ["*"]]), "ec2:CreateNetworkInterface")
    ])
    error_message = "a role that may not attach its function to the VPC must be found"
  }
}

run "a_topic_of_alarms_elsewhere_is_not_looked_at" {
  command = plan

  variables {
    operations = { topic_arn = "arn:aws:sns:us-east-1:222222222222:pager" }
  }

  assert {
    condition     = jsondecode(output.settings["doctor"]).function.operations_topic_arn == "arn:aws:sns:us-east-1:222222222222:pager" && jsondecode(output.settings["doctor"]).function.topics == ["arn:aws:sns:us-east-1:123456789012:day2-reports"] && !strcontains(module.doctor[0].permissions, "sns:GetTopicAttributes") && !strcontains(module.doctor[0].permissions, "kms:")
    error_message = "a topic of another account tells the doctor nothing, so that it may not be asked"
  }
}

run "the_canary_mails_nobody_o07" {
  command = plan

  assert {
    condition     = aws_sns_topic.canary[0].kms_master_key_id == aws_sns_topic.reports.kms_master_key_id && jsondecode(output.settings["doctor"]).function.canary.topic_arn == "arn:aws:sns:us-east-1:123456789012:day2-canary" && !contains(jsondecode(output.settings["doctor"]).function.topics, jsondecode(output.settings["doctor"]).function.canary.topic_arn)
    error_message = "O07: the canary needs the key of the reports, and a topic that nobody reads"
  }

  assert {
    condition     = aws_sns_topic_subscription.canary[0].protocol == "sqs" && aws_sns_topic_subscription.canary[0].raw_message_delivery && jsondecode(output.settings["doctor"]).function.canary.queue_url == "https://sqs.us-east-1.amazonaws.com/123456789012/day2-canary"
    error_message = "the canary must come to its queue"
  }

  assert {
    condition = alltrue([
      for statement in concat(jsondecode(aws_sqs_queue.canary[0].policy).Statement, jsondecode(aws_sns_topic.canary[0].policy).Statement) :
      statement.Effect == "Deny" ? statement.Condition.Bool["aws:SecureTransport"] == "false" : statement.Condition.ArnEquals["aws:SourceArn"] == "arn:aws:sns:us-east-1:123456789012:day2-canary"
    ])
    error_message = "O06: only the canary's topic may send to its queue, and only over TLS"
  }
}

run "the_canary_can_be_left_out" {
  command = plan

  variables {
    doctor = { canary = false }
  }

  assert {
    condition     = length(aws_sns_topic.canary) + length(aws_sqs_queue.canary) + length(aws_sns_topic_subscription.canary) == 0 && !can(jsondecode(output.settings["doctor"]).function.canary) && !strcontains(module.doctor[0].permissions, "sqs:") && !strcontains(module.doctor[0].permissions, "day2-canary")
    error_message = "without a canary nothing of it may be made or allowed"
  }
}

run "the_doctor_can_be_left_out" {
  command = plan

  variables {
    doctor = null
  }

  assert {
    condition     = !contains(keys(output.functions), "doctor") && !contains(keys(output.settings), "doctor") && length(aws_sns_topic.canary) == 0 && !contains(keys(jsondecode(output.settings["watchdog"]).function.functions), "doctor")
    error_message = "without a doctor nothing of it may be left"
  }
}

run "mistakes_are_refused_before_anything_is_made" {
  command = plan

  variables {
    doctor = { mail = "never", schedules = { cure = "rate(7 days)" }, answer_seconds = 4, not_checked = { "evidence-audit" = "why not" } }
  }

  expect_failures = [var.doctor]
}
