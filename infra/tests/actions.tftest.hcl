# The functions that act as a plan: what calls them, what they may change, and what takes it back.

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
  mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws:events:us-east-1:123456789012:rule/mock" } }
}

variables {
  zone        = "America/New_York"
  package_dir = "tests/fixtures"
  targets = [
    {
      name     = "prod-a"
      cluster  = { name = "prod-a" }
      database = { id = "prod-a" }
      node_groups = [
        { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
        { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
      ]
    },
    {
      name     = "prod-b"
      role_arn = "arn:aws:iam::222222222222:role/day2"
      region   = "eu-west-1"
      cluster  = { name = "prod-a" } # called as the one of this account is
      database = { id = "prod-b" }
      node_groups = [
        { name = "workspace", auto_scaling_group = "prod-b-workspace", selector = { node-group = "workspace" } },
      ]
    },
    {
      name     = "prod-c"
      database = { engine = "rds", id = "prod-c" }
    },
  ]
  provisioning_latency = {
    safety = { mode = "approve", max_steps = 1 }
    targets = {
      prod-a = {
        alarms               = [{ arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-provisioning-p95" }]
        node_group           = "workspace"
        provisioner          = { namespace = "coder", deployment = "coder-provisioner" }
        workspace_namespaces = ["coder-workspaces"]
        step                 = { max_nodes = 10 }
        not_checked          = ["quota"]
      }
    }
  }
  connection_exhaustion = {
    safety = { mode = "observe" }
    targets = {
      prod-a = {
        alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-connections"]
        clients    = [{ name = "coder", namespace = "coder", deployment = "coder", pool_size = 20, may_restart = true }]
        suspect    = "coder"
        acu        = { may_raise = true, max_ceiling = 16.5 }
      }
      prod-c = {
        max_connections = 500
      }
    }
  }
}

run "the_settings_are_the_documents_that_the_functions_read" {
  command = plan

  assert {
    condition = jsondecode(output.settings["provisioning-latency"]).function == {
      safety = { mode = "approve", max_steps = 1 }
      targets = {
        prod-a = {
          alarms               = [{ arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-provisioning-p95" }]
          node_group           = "workspace"
          provisioner          = { namespace = "coder", deployment = "coder-provisioner", may_restart = false, denied_namespaces = [] }
          workspace_namespaces = ["coder-workspaces"]
          step                 = { max_nodes = 10 }
          limits               = {}
          not_checked          = ["quota"]
        }
      }
    }
    error_message = "provisioning-latency: the part `function` differs"
  }

  assert {
    condition = jsondecode(output.settings["connection-exhaustion"]).function == {
      safety = { mode = "observe" }
      targets = {
        prod-a = {
          alarm_arns = ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-connections"]
          clients    = [{ name = "coder", namespace = "coder", deployment = "coder", pool_size = 20, may_restart = true }]
          suspect    = "coder"
          limits     = {}
          leak       = {}
          acu        = { may_raise = true, max_ceiling = 16.5 }
        }
        prod-c = { alarm_arns = [], clients = [], max_connections = 500, limits = {}, leak = {} }
      }
    }
    error_message = "connection-exhaustion: the part `function` differs"
  }

  assert {
    condition     = !strcontains(join("", values(output.settings)), "null") && !strcontains(join("", values(output.settings)), "create_alarm")
    error_message = "what is not set, and what is for Terraform alone, must be left out"
  }

  assert {
    condition     = jsondecode(output.settings["provisioning-latency"]).deployment.mail == "always" && jsondecode(output.settings["lease-sweeper"]).deployment.mail == "on_change"
    error_message = "actions mail every report, the sweeper only what changed"
  }
}

run "the_sweeper_comes_with_the_first_action_and_knows_them_all" {
  command = plan

  assert {
    condition = jsondecode(output.settings["lease-sweeper"]).function == {
      owners  = { connection-exhaustion = { timeout_seconds = 300 }, provisioning-latency = { timeout_seconds = 300 } }
      targets = { prod-a = {}, prod-c = {} }
    }
    error_message = "the sweeper must know the owners of changes and their targets"
  }

  assert {
    condition     = jsondecode(output.settings["lease-sweeper"]).calendar == { working_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], holidays = [], exceptions = [] }
    error_message = "a change that ends on a day of rest is due on it"
  }

  assert {
    condition     = contains([for s in jsondecode(module.lease_sweeper[0].permissions).Statement : s.Resource if s.Sid == "AskTheOwnersOfChanges"], ["arn:aws:lambda:us-east-1:123456789012:function:day2-connection-exhaustion", "arn:aws:lambda:us-east-1:123456789012:function:day2-provisioning-latency"])
    error_message = "it may call the owners and nobody else"
  }

  assert {
    condition     = join(" ", keys(output.functions["lease-sweeper"].schedules)) == "sweep-prod-a sweep-prod-c" && output.functions["lease-sweeper"].schedules["sweep-prod-a"].expression == "rate(5 minutes)"
    error_message = "one schedule per target, every five minutes"
  }
}

run "a_check_alone_needs_no_sweeper" {
  command = plan

  variables {
    provisioning_latency  = null
    connection_exhaustion = null
  }

  assert {
    condition     = output.functions == {} && length(jsondecode(aws_sqs_queue.failures.policy).Statement) == 2
    error_message = "nothing that acts, nothing that sweeps"
  }
}

run "one_action_alone_is_swept_too" {
  command = plan

  variables {
    provisioning_latency = null
  }

  assert {
    condition     = join(" ", keys(output.functions)) == "connection-exhaustion doctor lease-sweeper watchdog" && keys(jsondecode(output.settings["lease-sweeper"]).function.owners) == ["connection-exhaustion"]
    error_message = "the sweeper must come with any function that acts, and know only what is deployed"
  }
}

run "the_bound_alarms_call_their_function_and_no_others" {
  command = plan

  assert {
    condition     = [for pattern in values(output.functions["provisioning-latency"].event_rules) : jsondecode(pattern).resources] == [["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-provisioning-p95"]]
    error_message = "the rule must name the bound alarm"
  }

  assert {
    condition     = [for pattern in values(output.functions["connection-exhaustion"].event_rules) : jsondecode(pattern).resources] == [["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-connections"]]
    error_message = "the rule must name the bound alarm"
  }

  assert {
    condition     = alltrue([for rules in values(output.functions)[*].event_rules : alltrue([for pattern in values(rules) : jsondecode(pattern).source == ["aws.cloudwatch"] && jsondecode(pattern).detail.state.value == ["ALARM"]])])
    error_message = "only a change to ALARM calls a function"
  }
}

run "an_alarm_can_come_by_its_topic_and_by_its_own_action" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { alarm_topic_arns = ["arn:aws:sns:us-east-1:123456789012:alerts"], alarms_may_call = true })
  }

  assert {
    condition     = contains([for s in jsondecode(aws_sqs_queue.failures.policy).Statement : try(s.Condition.ArnEquals["aws:SourceArn"], [])], ["arn:aws:sns:us-east-1:123456789012:alerts"])
    error_message = "the topic must be allowed to keep what it cannot deliver"
  }

  assert {
    condition     = output.functions["provisioning-latency"].topics == tolist(["arn:aws:sns:us-east-1:123456789012:alerts"]) && output.functions["provisioning-latency"].calling_alarms == tolist(["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-provisioning-p95"])
    error_message = "topic and alarm must reach the function"
  }

  assert {
    condition     = length(output.functions["connection-exhaustion"].topics) + length(output.functions["connection-exhaustion"].calling_alarms) == 0
    error_message = "and no other function"
  }
}

run "an_alarm_can_be_made_and_is_then_bound" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, {
      alarms       = []
      create_alarm = { namespace = "Coder", metric_name = "ProvisioningSeconds", dimensions = { Cluster = "prod-a" }, threshold = 120 }
    }) } })
    connection_exhaustion = merge(var.connection_exhaustion, { targets = {
      prod-a = merge(var.connection_exhaustion.targets.prod-a, { create_alarm = { threshold = 1600, name = "connections of prod-a" } })
      prod-c = { create_alarm = { threshold = 400 } }
    } })
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.provisioning_latency["prod-a"].extended_statistic == "p95" && aws_cloudwatch_metric_alarm.provisioning_latency["prod-a"].evaluate_low_sample_count_percentiles == "ignore" && aws_cloudwatch_metric_alarm.provisioning_latency["prod-a"].treat_missing_data == "missing"
    error_message = "a percentile needs samples, and silence is neither slow nor fast"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.provisioning_latency["prod-a"].evaluation_periods == 5 && aws_cloudwatch_metric_alarm.provisioning_latency["prod-a"].datapoints_to_alarm == 3 && aws_cloudwatch_metric_alarm.provisioning_latency["prod-a"].dimensions == tomap({ Cluster = "prod-a" })
    error_message = "three of five datapoints of the named metric"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.connection_exhaustion["prod-a"].dimensions == tomap({ DBClusterIdentifier = "prod-a" }) && aws_cloudwatch_metric_alarm.connection_exhaustion["prod-c"].dimensions == tomap({ DBInstanceIdentifier = "prod-c" })
    error_message = "a cluster and an instance have different dimensions"
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.connection_exhaustion : alarm.statistic == "Maximum" && alarm.treat_missing_data == "missing"])
    error_message = "the fullest instance counts, and a silent database needs no connections"
  }

  assert {
    condition     = jsondecode(output.settings["provisioning-latency"]).function.targets.prod-a.alarms == [{ arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-provisioning-latency" }]
    error_message = "the function must know the alarm that was made"
  }

  assert {
    condition     = jsondecode(output.settings["connection-exhaustion"]).function.targets.prod-a.alarm_arns == ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-connections", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:connections of prod-a"]
    error_message = "beside the alarms that were bound"
  }

  assert {
    condition     = flatten([for pattern in values(output.functions["provisioning-latency"].event_rules) : jsondecode(pattern).resources]) == ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-provisioning-latency"]
    error_message = "and be called by it"
  }
}

run "only_the_declared_things_can_be_changed_o05" {
  command = plan

  assert {
    condition = toset(flatten([for s in jsondecode(module.provisioning_latency[0].permissions).Statement : s.Resource if anytrue([for a in s.Action : startswith(a, "autoscaling:Set") || startswith(a, "autoscaling:Terminate") || startswith(a, "eks:Update")])])) == toset([
      "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:*:autoScalingGroupName/prod-a-workspace",
      "arn:aws:eks:us-east-1:123456789012:nodegroup/prod-a/*/*",
    ])
    error_message = "provisioning-latency may change the group of its plan and no other"
  }

  assert {
    condition     = toset(flatten([for s in jsondecode(module.connection_exhaustion[0].permissions).Statement : s.Resource if contains(s.Action, "rds:ModifyDBCluster")])) == toset(["arn:aws:rds:us-east-1:123456789012:cluster:prod-a"])
    error_message = "connection-exhaustion may change a cluster with a declared budget and no other"
  }

  assert {
    condition = alltrue(flatten([for policy in [module.provisioning_latency[0].permissions, module.connection_exhaustion[0].permissions, module.lease_sweeper[0].permissions] : [
      for s in jsondecode(policy).Statement : [for a in s.Action : can(regex(":(Describe|Get|List)", a))] if contains(s.Resource, "*")
    ]]))
    error_message = "nothing that changes may stand on every resource"
  }

  assert {
    condition     = !strcontains("${module.provisioning_latency[0].permissions}${module.connection_exhaustion[0].permissions}${module.lease_sweeper[0].permissions}", "$${")
    error_message = "no placeholder may stay"
  }
}

run "a_named_node_group_narrows_what_can_be_changed" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { eks_node_group = "workspace-1" }) } })
  }

  assert {
    condition     = strcontains(module.provisioning_latency[0].permissions, "nodegroup/prod-a/workspace-1/*")
    error_message = "the named node group, and no other, may be changed"
  }
}

run "a_group_that_eks_does_not_manage_is_not_changed_through_eks" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { size_owner = "auto_scaling_group" }) } })
  }

  assert {
    condition     = !strcontains(module.provisioning_latency[0].permissions, "eks:UpdateNodegroupConfig")
    error_message = "the statement must be left out"
  }
}

run "a_group_that_eks_manages_is_raised_through_eks_alone_and_taken_back" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { size_owner = "managed_node_group" }) } })
  }

  assert {
    condition     = !strcontains(module.provisioning_latency[0].permissions, "autoscaling:SetDesiredCapacity")
    error_message = "its size must not be set past EKS"
  }

  assert {
    condition     = contains([for s in jsondecode(module.provisioning_latency[0].permissions).Statement : s.Resource if s.Sid == "TakeBack"], ["arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:*:autoScalingGroupName/prod-a-workspace"])
    error_message = "its nodes are taken back by Auto Scaling"
  }
}

run "a_group_of_unknown_owner_may_be_raised_either_way" {
  command = plan

  assert {
    condition     = strcontains(module.provisioning_latency[0].permissions, "autoscaling:SetDesiredCapacity") && strcontains(module.provisioning_latency[0].permissions, "eks:UpdateNodegroupConfig")
    error_message = "who owns it is found out at run time"
  }
}

run "a_group_of_an_autoscaler_is_not_changed_at_all" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-a = merge(var.provisioning_latency.targets.prod-a, { size_owner = "karpenter" }) } })
  }

  assert {
    condition     = !strcontains(module.provisioning_latency[0].permissions, "autoscaling:SetDesiredCapacity") && !strcontains(module.provisioning_latency[0].permissions, "autoscaling:TerminateInstance") && !strcontains(module.provisioning_latency[0].permissions, "eks:UpdateNodegroupConfig")
    error_message = "the autoscaler sets its size"
  }
}

run "a_budget_that_may_not_be_used_any_more_still_permits_to_take_back" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { acu = { may_raise = false, max_ceiling = 16 } }) } })
  }

  assert {
    condition     = toset(flatten([for s in jsondecode(module.connection_exhaustion[0].permissions).Statement : s.Resource if contains(s.Action, "rds:ModifyDBCluster")])) == toset(["arn:aws:rds:us-east-1:123456789012:cluster:prod-a"])
    error_message = "a raise that is in force could not be taken back"
  }
}

run "no_budget_permits_nothing" {
  command = plan

  variables {
    connection_exhaustion = merge(var.connection_exhaustion, { targets = { prod-a = merge(var.connection_exhaustion.targets.prod-a, { acu = null }) } })
  }

  assert {
    condition     = !strcontains(module.connection_exhaustion[0].permissions, "rds:ModifyDBCluster")
    error_message = "the statement must be left out"
  }
}

run "what_failed_is_told_to_people_and_calls_no_function_o04" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.failures[0].alarm_actions == toset(["arn:aws:sns:us-east-1:123456789012:day2-operations"])
    error_message = "the alarm must notify the topic of its own"
  }

  assert {
    condition     = startswith(aws_cloudwatch_metric_alarm.failures[0].alarm_name, "day2-") && aws_cloudwatch_metric_alarm.failures[0].dimensions == tomap({ QueueName = "day2-failures" }) && aws_cloudwatch_metric_alarm.failures[0].threshold == 0 && aws_cloudwatch_metric_alarm.failures[0].treat_missing_data == "notBreaching"
    error_message = "one message in the queue must ring, an empty one must not, and the name must be the deployment's own"
  }

  assert {
    condition     = alltrue([for alarm in output.alarms : startswith(alarm, "day2-") && !strcontains(jsonencode(values(output.functions)[*].event_rules), "alarm:${alarm}")])
    error_message = "no function may be called by an alarm about Day2"
  }
}

run "a_topic_that_a_function_listens_to_is_refused_for_alarms_about_it_o04" {
  command = plan

  variables {
    operations            = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alerts" }
    connection_exhaustion = merge(var.connection_exhaustion, { alarm_topic_arns = ["arn:aws:sns:us-east-1:123456789012:alerts"] })
  }

  expect_failures = [output.operations_topic_arn]
}

run "another_account_is_changed_by_its_role_alone" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { targets = { prod-b = merge(var.provisioning_latency.targets.prod-a, {
      alarms = [{ arn = "arn:aws:cloudwatch:eu-west-1:222222222222:alarm:p95" }]
    }) } })
  }

  assert {
    condition     = !strcontains(module.provisioning_latency[0].permissions, "autoscaling:SetDesiredCapacity") && !strcontains(module.provisioning_latency[0].permissions, "eks:UpdateNodegroupConfig")
    error_message = "what is changed with another role needs no permission here"
  }

  assert {
    condition     = contains([for s in jsondecode(module.provisioning_latency[0].permissions).Statement : s.Resource if s.Sid == "AssumeTheRolesOfTargets"], ["arn:aws:iam::222222222222:role/day2"])
    error_message = "the role of the target must be assumable"
  }

  assert {
    condition     = !strcontains(module.lease_sweeper[0].permissions, "sts:AssumeRole")
    error_message = "the sweeper never goes to a target"
  }

  assert {
    condition     = output.functions["provisioning-latency"].access_entries == toset([]) && output.functions["connection-exhaustion"].access_entries == toset(["prod-a"])
    error_message = "a cluster elsewhere must open none of its name here, and the one that is here must stay open to whom it concerns"
  }
}

run "an_event_too_old_to_act_on_is_not_tried_again_d07" {
  command = plan

  variables {
    provisioning_latency = merge(var.provisioning_latency, { safety = { mode = "auto", max_event_age_minutes = 20 } })
  }

  assert {
    condition     = output.functions["provisioning-latency"].max_event_age_seconds == 1200 && output.functions["connection-exhaustion"].max_event_age_seconds == 900
    error_message = "retries must end when the event is stale"
  }
}

run "the_functions_enter_the_clusters_of_their_targets_and_the_sweeper_none" {
  command = plan

  assert {
    condition     = output.functions["provisioning-latency"].access_entries == toset(["prod-a"]) && output.functions["connection-exhaustion"].access_entries == toset(["prod-a"]) && output.functions["lease-sweeper"].access_entries == toset([])
    error_message = "an access entry for each cluster that is looked at, and none for the sweeper"
  }

  assert {
    condition     = output.functions["provisioning-latency"].kubernetes_group == "day2:provisioning-latency"
    error_message = "each function has a group of its own"
  }
}
