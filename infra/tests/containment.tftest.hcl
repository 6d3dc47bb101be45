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
  targets     = [{ name = "prod-a", cluster = { name = "prod-a", access_entry = false } }]
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
      ProtectFromScaleIn = [["autoscaling:SetInstanceProtection"], ["arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:*:autoScalingGroupName/*"]]
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
