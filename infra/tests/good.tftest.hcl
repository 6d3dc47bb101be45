# A whole deployment as a plan: what every function gets, what the policies say, what the function reads.

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
  zone        = "America/New_York"
  package_dir = "tests/fixtures"
  targets = [{
    name     = "prod-a"
    cluster  = { name = "prod-a", endpoint = "https://127.0.0.1:6443" }
    database = { id = "prod-a" }
    node_groups = [
      { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
      { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
    ]
  }]
  scale_window = {
    targets = {
      prod-a = {
        control     = { groups = [{ node_group = "control", min_ready = 2 }] }
        groups      = [{ node_group = "workspace", before = 10, peak = 50, after = 10, min = 10, max = 60 }]
        not_checked = ["workloads", "nat", "schedule", "quotas"]
        probes = [{
          name = "app"
          url  = "https://app.example.com/health"
          json = [{ pointer = "/healthy", equals = true }, { pointer = "/version", equals = "v2" }, { pointer = "/replicas", equals = 3 }]
        }]
      }
    }
  }
}

run "the_settings_are_the_document_that_the_function_reads" {
  command = plan

  assert {
    condition = jsondecode(output.settings["scale-window"]).deployment == {
      name          = "day2"
      zone          = "America/New_York"
      partition     = "aws"
      topic_arn     = "arn:aws:sns:us-east-1:123456789012:day2-reports"
      report_bucket = "day2-reports-123456789012-us-east-1"
      journal_table = "day2-journal"
      mail          = "always"
      history_days  = 14
    }
    error_message = "the part `deployment` differs"
  }

  assert {
    condition = jsondecode(output.settings["scale-window"]).targets == [{
      name       = "prod-a"
      account_id = "123456789012"
      region     = "us-east-1"
      cluster    = { name = "prod-a", endpoint = "https://127.0.0.1:6443" }
      database   = { engine = "aurora", id = "prod-a" }
      node_groups = [
        { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
        { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
      ]
    }]
    error_message = "the part `targets` differs; what is for Terraform alone must not be in it"
  }

  assert {
    condition     = jsondecode(output.settings["scale-window"]).calendar == { working_days = ["mon", "tue", "wed", "thu", "fri"], holidays = [], exceptions = [] }
    error_message = "the part `calendar` differs"
  }

  assert {
    condition     = jsonencode(jsondecode(output.settings["scale-window"]).function.targets.prod-a.probes[0].json[*].equals) == "[true,\"v2\",3]"
    error_message = "the values of a JSON assertion must keep their JSON type"
  }

  assert {
    condition     = !strcontains(output.settings["scale-window"], "null")
    error_message = "what is not set must be left out"
  }
}

run "small_settings_stand_in_the_environment" {
  command = plan

  assert {
    condition     = keys(aws_s3_object.settings) == ["doctor"] && local.settings_environment["scale-window"] == tomap({ DAY2_SETTINGS = output.settings["scale-window"] })
    error_message = "a document of at most 3 kB must be the variable itself; only the doctor's is always an object"
  }

  assert {
    condition     = !strcontains(module.scale_window[0].permissions, "s3:GetObject")
    error_message = "a function whose settings are in its environment must not read the bucket"
  }
}

run "large_settings_are_an_object_with_its_hash" {
  command = plan

  variables {
    calendar = { holidays = [for day in range(1, 29) : { date = format("2027-02-%02d", day), name = "a holiday with the long name of somebody, ${sha256(day)}" }] }
  }

  assert {
    condition     = aws_s3_object.settings["scale-window"].content == output.settings["scale-window"]
    error_message = "the object must hold the document"
  }

  assert {
    condition = local.settings_environment["scale-window"] == tomap({
      DAY2_SETTINGS        = "s3://day2-reports-123456789012-us-east-1/settings/scale-window/${sha256(output.settings["scale-window"])}.json"
      DAY2_SETTINGS_SHA256 = sha256(output.settings["scale-window"])
    })
    error_message = "the environment must name the object and its hash"
  }

  assert {
    condition     = strcontains(module.scale_window[0].permissions, "arn:aws:s3:::day2-reports-123456789012-us-east-1/settings/scale-window/*")
    error_message = "the function must be allowed to read its settings"
  }
}

run "the_function_may_do_what_it_needs_and_no_more_o05" {
  command = plan

  assert {
    condition     = alltrue([for s in jsondecode(module.scale_window[0].permissions).Statement : alltrue([for a in s.Action : !strcontains(a, "*")])])
    error_message = "no action may be a pattern"
  }

  assert {
    condition = alltrue([
      for s in jsondecode(module.scale_window[0].permissions).Statement :
      alltrue([for a in s.Action : can(regex(":(Describe|Get)", a)) || startswith(a, "servicequotas:")])
      if contains(s.Resource, "*")
    ])
    error_message = "only reads without a resource type may stand on every resource"
  }

  assert {
    condition     = contains([for s in jsondecode(module.scale_window[0].permissions).Statement : s.Resource if s.Sid == "FindClusters"], ["arn:aws:eks:us-east-1:123456789012:cluster/prod-a"])
    error_message = "DescribeCluster must be limited to the clusters of the function's targets"
  }

  assert {
    condition     = contains([for s in jsondecode(module.scale_window[0].permissions).Statement : s.Resource if s.Sid == "ReadDatabaseClusters"], ["arn:aws:rds:us-east-1:123456789012:cluster:prod-a"])
    error_message = "DescribeDBClusters must be limited to the databases of the function's targets"
  }

  assert {
    condition     = !strcontains(module.scale_window[0].permissions, "sts:AssumeRole") && !strcontains(module.scale_window[0].permissions, "$${")
    error_message = "a statement without resource must be left out, and no placeholder may stay"
  }
}

run "another_account_is_reached_by_its_role_alone" {
  command = plan

  variables {
    targets = [{
      name      = "prod-a"
      role_arn  = "arn:aws:iam::222222222222:role/day2-reader"
      topic_arn = "arn:aws:sns:us-east-1:222222222222:alerts"
      cluster   = { name = "prod-a" }
      database  = { id = "prod-a" }
      node_groups = [
        { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
        { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
      ]
    }]
  }

  assert {
    condition     = contains([for s in jsondecode(module.scale_window[0].permissions).Statement : s.Resource if s.Sid == "AssumeTheRolesOfTargets"], ["arn:aws:iam::222222222222:role/day2-reader"])
    error_message = "the role of the target must be assumable, and no other"
  }

  assert {
    condition     = length([for s in jsondecode(module.scale_window[0].permissions).Statement : s if contains(["FindClusters", "ReadDatabaseClusters", "ReadDatabaseInstances"], s.Sid)]) == 0
    error_message = "what is read with another role needs no permission here"
  }

  assert {
    condition     = contains([for s in jsondecode(module.scale_window[0].permissions).Statement : s.Resource if s.Sid == "MailReports"], ["arn:aws:sns:us-east-1:123456789012:day2-reports", "arn:aws:sns:us-east-1:222222222222:alerts"])
    error_message = "the target's own topic must be allowed"
  }

  assert {
    condition     = jsondecode(output.settings["scale-window"]).targets[0].account_id == "222222222222"
    error_message = "the account must be that of the role"
  }

  assert {
    condition     = length(data.aws_eks_cluster.own) == 0
    error_message = "a cluster of another account cannot be read or opened from here"
  }
}

run "nothing_is_deployed_for_a_function_without_settings" {
  command = plan

  variables {
    scale_window = null
  }

  assert {
    condition     = length(module.scale_window) == 0 && output.functions == {}
    error_message = "scale_window = null must leave the function out"
  }
}

run "the_stores_are_closed_and_kept" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.journal.hash_key == "pk" && aws_dynamodb_table.journal.range_key == "sk" && aws_dynamodb_table.journal.ttl[0].attribute_name == "ttl" && aws_dynamodb_table.journal.point_in_time_recovery[0].enabled && aws_dynamodb_table.journal.server_side_encryption[0].enabled && aws_dynamodb_table.journal.deletion_protection_enabled
    error_message = "journal: keys pk and sk, TTL on ttl, point-in-time recovery, encryption, deletion protection"
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.reports[0].rule[0].expiration[0].days == 365 && aws_s3_bucket_lifecycle_configuration.reports[0].rule[0].filter[0].prefix == "reports/"
    error_message = "reports must expire, and nothing else"
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.reports[0].rule[1].filter[0].prefix == "reports/index.html" && aws_s3_bucket_lifecycle_configuration.reports[0].rule[1].noncurrent_version_expiration[0].noncurrent_days == 1
    error_message = "index page: written after every report, so its old versions must go soon"
  }

  assert {
    condition     = !aws_s3_bucket.reports.force_destroy && aws_s3_bucket_versioning.reports.versioning_configuration[0].status == "Enabled"
    error_message = "reports: versioned, and not destroyed with what is in them"
  }

  assert {
    condition     = alltrue([aws_s3_bucket_public_access_block.reports.block_public_acls, aws_s3_bucket_public_access_block.reports.block_public_policy, aws_s3_bucket_public_access_block.reports.ignore_public_acls, aws_s3_bucket_public_access_block.reports.restrict_public_buckets])
    error_message = "reports: no public access"
  }

  assert {
    condition     = alltrue([for policy in [aws_s3_bucket_policy.reports.policy, aws_sqs_queue.failures.policy, aws_sns_topic_policy.reports.policy] : contains([for s in jsondecode(policy).Statement : try(s.Condition.Bool["aws:SecureTransport"], "") if s.Effect == "Deny"], "false")])
    error_message = "bucket, queue and topic must refuse what does not come over TLS"
  }

  assert {
    condition     = aws_sqs_queue.failures.sqs_managed_sse_enabled && aws_sns_topic.reports.kms_master_key_id == aws_kms_key.this.arn && aws_kms_key.this.enable_key_rotation
    error_message = "queue and topic must be encrypted"
  }
}

run "alarms_and_events_can_publish_to_the_encrypted_topic_o07" {
  command = plan

  assert {
    condition     = alltrue([for service in ["cloudwatch.amazonaws.com", "events.amazonaws.com"] : contains([for s in jsondecode(aws_sns_topic_policy.reports.policy).Statement : try(s.Principal.Service, "")], service) && contains([for s in jsondecode(aws_kms_key.this.policy).Statement : try(s.Principal.Service, "")], service)])
    error_message = "topic and key must both let the service in; with one of them a message is dropped silently"
  }

  assert {
    condition     = alltrue([for s in concat(jsondecode(aws_sns_topic_policy.reports.policy).Statement, jsondecode(aws_kms_key.this.policy).Statement, jsondecode(aws_sqs_queue.failures.policy).Statement) : can(s.Condition) if can(s.Principal.Service)])
    error_message = "every service must be limited by a condition"
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : !strcontains(jsonencode(s.Condition), "aws:Source") if try(s.Principal.Service, "") == "events.amazonaws.com"])
    error_message = "EventBridge sends no aws:Source… along to KMS; such a condition drops every event"
  }
}

run "addresses_are_subscribed" {
  command = plan

  variables {
    email_subscriptions = ["sre@example.com"]
  }

  assert {
    condition     = aws_sns_topic_subscription.email["sre@example.com"].protocol == "email"
    error_message = "each address must be subscribed"
  }
}

run "the_names_are_those_of_the_partition" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-us-gov", dns_suffix = "amazonaws.com" }
  }

  override_data {
    target = data.aws_region.current
    values = { id = "us-gov-west-1", name = "us-gov-west-1" }
  }

  override_data {
    target = module.scale_window[0].data.aws_partition.current
    values = { partition = "aws-us-gov", dns_suffix = "amazonaws.com" }
  }

  override_data {
    target = module.scale_window[0].data.aws_region.current
    values = { id = "us-gov-west-1", name = "us-gov-west-1" }
  }

  assert {
    condition     = !strcontains("${output.settings["scale-window"]}${module.scale_window[0].permissions}${aws_sns_topic_policy.reports.policy}${aws_s3_bucket_policy.reports.policy}${aws_sqs_queue.failures.policy}", "arn:aws:")
    error_message = "an ARN names the commercial partition"
  }
}
