# The morning look as a plan: what it reads as settings, and what it may read of AWS.

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
    cluster  = { name = "prod-a" }
    database = { id = "prod-a-aurora" }
  }]
  health_check = {
    targets = {
      prod-a = {
        not_checked = ["mesh", "scaling"]
        installed   = ["cert_manager"]
        alarms      = { prefix = "prod-", history_hours = 12 }
        security    = { runtime_monitoring = false }
        database    = { max_storage_percent = 70 }
        probes      = [{ name = "shop", url = "https://shop.example.com/healthz", json = [{ pointer = "/healthy", equals = true }] }]
      }
    }
  }
}

run "the_settings_are_the_document_that_the_function_reads" {
  command = plan

  assert {
    condition = jsondecode(output.settings["health-check"]).function.targets.prod-a.probes == [{
      name           = "shop"
      url            = "https://shop.example.com/healthz"
      expect_status  = 200
      json           = [{ pointer = "/healthy", equals = true }]
      max_latency_ms = 2000
      min_tls_days   = 14
    }]
    error_message = "an endpoint is not as declared, or what it compares is no JSON"
  }

  assert {
    condition = alltrue([
      jsondecode(output.settings["health-check"]).function.targets.prod-a.alarms == { prefix = "prod-", ignore = [], expected_at_least = 1, history_hours = 12 },
      jsondecode(output.settings["health-check"]).function.targets.prod-a.security.runtime_monitoring == false,
      jsondecode(output.settings["health-check"]).function.targets.prod-a.database.max_storage_percent == 70,
      !can(jsondecode(output.settings["health-check"]).function.targets.prod-a.database.max_connections),
      jsondecode(output.settings["health-check"]).function.targets.prod-a.not_checked == ["mesh", "scaling"],
      jsondecode(output.settings["health-check"]).function.targets.prod-a.installed == ["cert_manager"],
    ])
    error_message = "a limit differs, or what is not set is not left out"
  }
}

run "what_it_reads_of_aws_is_the_targets_own_where_iam_can_say_so" {
  command = plan

  assert {
    condition = alltrue([
      for action, resource in {
        "guardduty:GetDetector"  = "arn:aws:guardduty:us-east-1:123456789012:detector/*"
        "eks:DescribeAddon"      = "arn:aws:eks:us-east-1:123456789012:addon/prod-a/*"
        "eks:ListInsights"       = "arn:aws:eks:us-east-1:123456789012:cluster/prod-a"
        "rds:DescribeDBClusters" = "arn:aws:rds:us-east-1:123456789012:cluster:prod-a-aurora"
        } : [
        for statement in jsondecode(module.health_check[0].permissions).Statement : flatten([statement.Resource])
        if contains(flatten([statement.Action]), action)
      ] == [[resource]]
    ])
    error_message = "a statement grants more or other resources than the target's"
  }
}

run "the_names_are_those_of_the_partition_w27" {
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
    target = module.health_check[0].data.aws_partition.current
    values = { partition = "aws-us-gov", dns_suffix = "amazonaws.com" }
  }

  override_data {
    target = module.health_check[0].data.aws_region.current
    values = { id = "us-gov-west-1", name = "us-gov-west-1" }
  }

  assert {
    condition     = !strcontains("${output.settings["health-check"]}${module.health_check[0].permissions}", "arn:aws:")
    error_message = "an ARN names the commercial partition"
  }
}

run "left_out_it_is_not_deployed" {
  command = plan
  variables { health_check = null }

  assert {
    condition     = length(module.health_check) == 0
    error_message = "health_check = null must leave the function out"
  }
}

run "without_a_declared_secret_no_role_reads_any" {
  command = plan

  assert {
    condition     = length(output.certificate_roles) == 0
    error_message = "a Role is rendered that nobody asked for"
  }
}

run "each_namespace_with_declared_secrets_has_a_role_that_names_them" {
  command = plan

  variables {
    targets = [
      { name = "prod-a", cluster = { name = "prod-a" } },
      { name = "prod-b", cluster = { name = "prod-b" } },
    ]
    health_check = {
      targets = {
        prod-a = {
          not_checked = ["database", "endpoints"]
          certificates = { min_days = 21, secrets = [
            { namespace = "shop", name = "web-tls" }, { namespace = "pay", name = "api-tls" }, { namespace = "shop", name = "app-tls" },
          ] }
        }
        prod-b = { not_checked = ["database", "endpoints"] }
      }
    }
  }

  assert {
    condition = [for document in split("---\n", output.certificate_roles["prod-a"]) : "${yamldecode(document).kind} ${yamldecode(document).metadata.namespace}"] == [
      "Role pay", "RoleBinding pay", "Role shop", "RoleBinding shop",
    ]
    error_message = "one Role and its binding in each namespace"
  }

  assert {
    condition = [for document in split("---\n", output.certificate_roles["prod-a"]) : yamldecode(document).rules if yamldecode(document).kind == "Role"] == [
      [{ apiGroups = [""], resources = ["secrets"], resourceNames = ["api-tls"], verbs = ["get"] }],
      [{ apiGroups = [""], resources = ["secrets"], resourceNames = ["app-tls", "web-tls"], verbs = ["get"] }],
    ]
    error_message = "more than get, or more than the declared names"
  }

  assert {
    condition = alltrue([
      for document in split("---\n", output.certificate_roles["prod-a"]) :
      yamldecode(document).subjects == [{ apiGroup = "rbac.authorization.k8s.io", kind = "Group", name = "day2:health-check" }] && yamldecode(document).roleRef.name == "day2:health-check:certificates"
      if yamldecode(document).kind == "RoleBinding"
    ])
    error_message = "bound to another group or role"
  }

  assert {
    condition     = keys(output.certificate_roles) == ["prod-a"]
    error_message = "a target without declared Secrets needs no Role"
  }

  assert {
    condition = jsondecode(output.settings["health-check"]).function.targets.prod-a.certificates == {
      min_days = 21
      secrets  = [{ namespace = "shop", name = "web-tls" }, { namespace = "pay", name = "api-tls" }, { namespace = "shop", name = "app-tls" }]
    }
    error_message = "the function reads other names than those that are declared"
  }
}
