# What threat-containment adds to a deployment: what it may call, and what it is told.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
  mock_resource "aws_iam_role" { defaults = { arn = "arn:aws:iam::123456789012:role/mock" } }
  mock_resource "aws_lambda_function" { defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:mock" } }
  mock_resource "aws_sns_topic" { defaults = { arn = "arn:aws:sns:us-east-1:123456789012:mock" } }
}

variables {
  zone        = "America/New_York"
  package_dir = "tests/fixtures"
  targets = [{
    name        = "prod-a", cluster = { name = "prod-a", access_entry = false }
    node_groups = [{ name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } }]
  }]
  evidence = {
    bucket  = "day2-evidence"
    key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
  threat_containment = {
    mode    = "auto"
    targets = { prod-a = {} }
  }
}

run "it_writes_evidence_and_reads_none" {
  command = plan

  assert {
    condition = {
      for statement in jsondecode(module.threat_containment[0].permissions).Statement : statement.Sid => [statement.Action, statement.Resource]
      if contains(["StoreEvidence", "ProtectFromScaleIn"], statement.Sid)
      } == {
      StoreEvidence      = [["s3:PutObject"], ["arn:aws:s3:::day2-evidence/evidence/*"]]
      ProtectFromScaleIn = [["autoscaling:SetInstanceProtection"], ["arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:*:autoScalingGroupName/prod-a-workspace"]]
    }
    error_message = "it must write evidence and protect instances, and nothing wider"
  }

  assert {
    condition     = !strcontains(module.threat_containment[0].permissions, "kms:Decrypt\"],\"Effect\":\"Allow\",\"Resource\":[\"arn:aws:kms:us-east-1:123456789012:key/1111")
    error_message = "who writes evidence must not be able to decrypt it"
  }
}

run "it_is_told_only_what_is_set" {
  command = plan

  assert {
    condition     = jsondecode(output.settings["threat-containment"]).function.mode == "auto"
    error_message = "the mode must be passed on"
  }

  assert {
    condition     = !can(jsondecode(output.settings["threat-containment"]).function.eradicate) && jsondecode(output.settings["threat-containment"]).function.breaker == {}
    error_message = "what is not set must be left out"
  }
}

run "it_listens_to_findings" {
  command = plan

  assert {
    condition     = length(module.threat_containment) == 1 && contains(keys(output.functions), "threat-containment")
    error_message = "it must be deployed"
  }
}

run "managed_groups_are_protected_by_the_tag_of_their_cluster_only" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(module.threat_containment[0].permissions).Statement : statement.Condition
      if contains(flatten([statement.Action]), "autoscaling:SetInstanceProtection") && strcontains(join(",", statement.Resource), "autoScalingGroupName/*")
    ] == [{ StringEquals = { "aws:ResourceTag/eks:cluster-name" = ["prod-a"] } }]
    error_message = "a group that nobody declared must carry the tag of the target's cluster"
  }
}

run "no_role_is_touched_unless_it_is_asked_for" {
  command = plan

  assert {
    condition     = !strcontains(module.threat_containment[0].permissions, "iam:PutRolePolicy") && !can(jsondecode(output.settings["threat-containment"]).function.sessions)
    error_message = "without sessions there must be no right to write policies of roles"
  }
}

run "exactly_the_declared_roles_may_be_touched" {
  command = plan
  variables {
    threat_containment = {
      mode     = "auto"
      sessions = { deny = true, roles = ["arn:aws:iam::123456789012:role/shop/checkout", "arn:aws:iam::222222222222:role/elsewhere"] }
      targets  = { prod-a = {} }
    }
    threat_release = { safety = { mode = "approve" }, targets = ["prod-a"] }
  }

  assert {
    condition = [
      for statement in jsondecode(module.threat_containment[0].permissions).Statement : [statement.Action, statement.Resource]
      if contains(flatten([statement.Action]), "iam:PutRolePolicy")
    ] == [[["iam:GetRolePolicy", "iam:PutRolePolicy"], ["arn:aws:iam::123456789012:role/shop/checkout"]]]
    error_message = "it may write a policy into exactly the declared roles of this account"
  }

  assert {
    condition = [
      for statement in jsondecode(module.threat_release[0].permissions).Statement : [statement.Action, statement.Resource]
      if contains(flatten([statement.Action]), "iam:DeleteRolePolicy")
    ] == [[["iam:DeleteRolePolicy", "iam:GetRolePolicy"], ["arn:aws:iam::123456789012:role/shop/checkout"]]]
    error_message = "what was written there must be able to go away again"
  }

  assert {
    condition     = jsondecode(output.settings["threat-containment"]).function.sessions.deny == true && length(jsondecode(output.settings["threat-containment"]).function.sessions.roles) == 2
    error_message = "the function must be told the roles"
  }
}

run "a_topic_of_findings_is_refused_for_alarms_about_it_o04" {
  command = plan

  variables {
    operations = { topic_arn = "arn:aws:sns:us-east-1:123456789012:findings" }
    threat_containment = {
      mode               = "auto"
      finding_topic_arns = ["arn:aws:sns:us-east-1:123456789012:findings"]
      targets            = { prod-a = {} }
    }
  }

  expect_failures = [output.operations_topic_arn]
}
