# Every function and every optional part at once, as a plan. The laws of tests/tests/plan and scripts/lint-infra judge what it
# shows: each role, policy, alarm and store. The actions change prod-a; prod-b is their neighbour, prod-c is in another account. The
# same is planned in the two other partitions, where a law looks for what is of another one. What is refused is in tests/variables.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API" }] } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:mock" } }
  mock_resource "aws_sqs_queue" { defaults = { arn = "arn:aws:sqs:us-east-1:123456789012:day2-failures" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" } }
  mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws:events:us-east-1:123456789012:rule/mock" } }
}

mock_provider "aws" {
  alias           = "govcloud"
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws-us-gov", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-gov-west-1", name = "us-gov-west-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API" }] } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws-us-gov:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:mock" } }
  mock_resource "aws_sqs_queue" { defaults = { arn = "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:day2-failures" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws-us-gov:sns:us-gov-west-1:123456789012:mock" } }
  mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws-us-gov:events:us-gov-west-1:123456789012:rule/mock" } }
}

mock_provider "aws" {
  alias           = "china"
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" } }
  mock_data "aws_region" { defaults = { id = "cn-north-1", name = "cn-north-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API" }] } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws-cn:kms:cn-north-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws-cn:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:mock" } }
  mock_resource "aws_sqs_queue" { defaults = { arn = "arn:aws-cn:sqs:cn-north-1:123456789012:day2-failures" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws-cn:sns:cn-north-1:123456789012:mock" } }
  mock_resource "aws_cloudwatch_event_rule" { defaults = { arn = "arn:aws-cn:events:cn-north-1:123456789012:rule/mock" } }
}

variables {
  vpc = { subnet_ids = ["subnet-0123456789abcdef0"], security_group_ids = ["sg-0123456789abcdef0"] }

  zone                = "Europe/Berlin"
  package_dir         = "tests/fixtures"
  email_subscriptions = ["sre@example.com"]
  invocation_trail    = true
  forwarding_roles    = ["arn:aws:iam::222222222222:role/day2-forward-us-east-1"]
  calendar = {
    working_days = ["mon", "sat"]
    holidays     = [{ date = "2028-02-29", name = "leap day" }]
    exceptions   = [{ date = "2026-12-26", runs = true, why = "release" }]
  }
  targets = [
    for name in ["prod-a", "prod-b", "prod-c"] : {
      name          = name
      account_id    = name == "prod-c" ? "222222222222" : "123456789012"
      region        = "us-east-1"
      role_arn      = name == "prod-c" ? "arn:aws:iam::222222222222:role/day2-target" : null
      topic_arn     = "arn:aws:sns:us-east-1:123456789012:alerts"
      topic_key_arn = "arn:aws:kms:us-east-1:123456789012:key/99999999-0000-0000-0000-000000000000"
      cluster       = { name = name, endpoint = "https://10.0.0.1:6443" }
      database      = { engine = "aurora", id = name }
      node_groups = [
        { name = "control", auto_scaling_group = "${name}-control", selector = { node-group = "control" } },
        { name = "workspace", auto_scaling_group = "${name}-workspace", selector = { node-group = "workspace" } },
      ]
      vpc_id = "vpc-0123456789abcdef0"
    }
  ]

  scale_window = {
    mail                 = "on_change"
    schedules            = { prescale = "cron(15 6 * * ? *)" }
    reserved_concurrency = 1
    targets = {
      prod-a = {
        control           = { groups = [{ node_group = "control", min_ready = 2 }], workloads = [{ namespace = "coder", deployment = "coder-server" }] }
        groups            = [{ node_group = "workspace", before = 10, peak = 50, after = 10, min = 10, max = 60, min_on_demand_percent = 20, vcpus_per_node = 4 }]
        scheduled_actions = [{ node_group = "workspace", name = "up", at = "06:45", desired = 50 }]
        probes            = [{ name = "app", url = "https://app.example.com", json = [{ pointer = "/healthy", equals = true }] }]
        nat_zones         = ["us-east-1a"]
        alarms            = { prefix = "prod-a-" }
        database          = { max_connections_percent = 70 }
        quotas            = [{ service = "ec2", code = "L-1216C47A", node_groups = ["workspace"] }]
        cost              = { currency = "USD", per_hour = { "m7i.xlarge" = 0.2016 } }
      }
    }
  }
  backup_verification = {
    targets = {
      prod-a = {
        database      = {}
        copies        = [{ region = "us-west-2" }, { region = "eu-west-1", role_arn = "arn:aws:iam::333333333333:role/copies", through = "aws_backup" }]
        aws_backup    = { copy_jobs = true }
        velero        = { exclude_namespaces = ["kube-*"] }
        dumps         = [{ name = "pg", bucket = "prod-a-dumps", prefix = "pg/" }]
        restore_proof = { record = { bucket = "drills", key = "prod-a.json" } }
      }
      prod-c = {
        database    = { min_retention_days = 14 }
        not_checked = ["copies", "aws_backup", "velero", "dumps", "restore_proof"]
      }
    }
  }
  ha_status = {
    pairs = {
      prod = {
        primary   = { target = "prod-a", min_ready_nodes = 3, groups = ["prod-a-workspace"] }
        secondary = { target = "prod-b", min_ready_nodes = 3, queue = { namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = "west" }, max_depth = 100 } }
      }
    }
  }
  health_check = {
    targets = {
      prod-a = {
        not_checked = ["mesh", "scaling"]
        installed   = ["cert_manager"]
        alarms      = { prefix = "prod-", history_hours = 12 }
        security    = { runtime_monitoring = false }
        database    = { max_storage_percent = 70 }
      }
    }
  }
  provisioning_latency = {
    safety           = { mode = "approve", max_steps = 1 }
    alarm_topic_arns = ["arn:aws:sns:us-east-1:123456789012:alerts"]
    alarms_may_call  = true
    targets = {
      prod-a = {
        alarms               = [{ arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-provisioning-p95" }]
        node_group           = "workspace"
        provisioner          = { namespace = "coder", deployment = "coder-provisioner", may_restart = true }
        workspace_namespaces = ["coder-workspaces"]
        step                 = { max_nodes = 10 }
        not_checked          = ["quota"]
      }
    }
  }
  connection_exhaustion = {
    safety = { mode = "auto" }
    targets = {
      prod-a = {
        create_alarm = { threshold = 700 }
        clients      = [{ name = "coder", namespace = "coder", deployment = "coder", pool_size = 20, may_restart = true }]
        suspect      = "coder"
        acu          = { may_raise = true, max_ceiling = 16.5 }
      }
    }
  }
  evidence = {
    bucket  = "day2-evidence"
    key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
  evidence_audit = { targets = { prod-a = {} } }
  threat_containment = {
    mode               = "auto"
    eradicate          = "auto"
    finding_topic_arns = ["arn:aws:sns:us-east-1:123456789012:findings"]
    sessions           = { deny = true, roles = ["arn:aws:iam::123456789012:role/shop/prod-a-checkout"], protected_service_accounts = ["shop/payments"] }
    targets            = { prod-a = {} }
  }
  threat_release = { safety = { mode = "approve" }, targets = ["prod-a"] }
}

run "every_setting_at_once_is_accepted" {
  command = plan

  assert {
    condition     = length(output.functions) == length(fileset("../functions", "*/trigger.json"))
    error_message = "a function of the folder functions is not deployed here: give it its variable in this file"
  }
}

run "all_of_it_can_be_planned_in_govcloud" {
  command = plan

  providers = {
    aws = aws.govcloud
  }

  variables {
    targets               = jsondecode(replace(replace(jsonencode(var.targets), "arn:aws:", "arn:aws-us-gov:"), "us-east-1", "us-gov-west-1"))
    scale_window          = jsondecode(replace(replace(jsonencode(var.scale_window), "arn:aws:", "arn:aws-us-gov:"), "us-east-1", "us-gov-west-1"))
    provisioning_latency  = jsondecode(replace(replace(jsonencode(var.provisioning_latency), "arn:aws:", "arn:aws-us-gov:"), "us-east-1", "us-gov-west-1"))
    connection_exhaustion = jsondecode(replace(replace(jsonencode(var.connection_exhaustion), "arn:aws:", "arn:aws-us-gov:"), "us-east-1", "us-gov-west-1"))
    evidence              = jsondecode(replace(replace(jsonencode(var.evidence), "arn:aws:", "arn:aws-us-gov:"), "us-east-1", "us-gov-west-1"))
    threat_containment    = jsondecode(replace(replace(jsonencode(var.threat_containment), "arn:aws:", "arn:aws-us-gov:"), "us-east-1", "us-gov-west-1"))
    forwarding_roles      = jsondecode(replace(replace(jsonencode(var.forwarding_roles), "arn:aws:", "arn:aws-us-gov:"), "us-east-1", "us-gov-west-1"))
    backup_verification = merge(var.backup_verification, { targets = merge(var.backup_verification.targets, { prod-a = merge(var.backup_verification.targets.prod-a, {
      copies = [{ region = "us-gov-east-1", role_arn = "arn:aws-us-gov:iam::333333333333:role/copies", through = "aws_backup" }]
    }) }) })
  }

  assert {
    condition     = length(output.functions) == length(fileset("../functions", "*/trigger.json"))
    error_message = "every function must be deployed here too"
  }
}

run "all_of_it_can_be_planned_in_china" {
  command = plan

  providers = {
    aws = aws.china
  }

  variables {
    targets               = jsondecode(replace(replace(jsonencode(var.targets), "arn:aws:", "arn:aws-cn:"), "us-east-1", "cn-north-1"))
    scale_window          = jsondecode(replace(replace(jsonencode(var.scale_window), "arn:aws:", "arn:aws-cn:"), "us-east-1", "cn-north-1"))
    provisioning_latency  = jsondecode(replace(replace(jsonencode(var.provisioning_latency), "arn:aws:", "arn:aws-cn:"), "us-east-1", "cn-north-1"))
    connection_exhaustion = jsondecode(replace(replace(jsonencode(var.connection_exhaustion), "arn:aws:", "arn:aws-cn:"), "us-east-1", "cn-north-1"))
    evidence              = jsondecode(replace(replace(jsonencode(var.evidence), "arn:aws:", "arn:aws-cn:"), "us-east-1", "cn-north-1"))
    threat_containment    = jsondecode(replace(replace(jsonencode(var.threat_containment), "arn:aws:", "arn:aws-cn:"), "us-east-1", "cn-north-1"))
    forwarding_roles      = jsondecode(replace(replace(jsonencode(var.forwarding_roles), "arn:aws:", "arn:aws-cn:"), "us-east-1", "cn-north-1"))
    backup_verification = merge(var.backup_verification, { targets = merge(var.backup_verification.targets, { prod-a = merge(var.backup_verification.targets.prod-a, {
      copies = [{ region = "cn-northwest-1", role_arn = "arn:aws-cn:iam::333333333333:role/copies", through = "aws_backup" }]
    }) }) })
  }

  assert {
    condition     = length(output.functions) == length(fileset("../functions", "*/trigger.json"))
    error_message = "every function must be deployed here too"
  }
}
