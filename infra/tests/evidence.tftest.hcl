# What evidence adds to a deployment: who may read it, and what the audit is told.

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
  targets     = [{ name = "prod-a" }, { name = "prod-b" }]
  evidence = {
    bucket  = "day2-evidence"
    key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }
  evidence_audit = {
    targets = { prod-a = {}, prod-b = { lock_mode = "compliance", max_mebibytes = 512 } }
  }
}

run "the_audit_reads_evidence_and_writes_none" {
  command = plan

  assert {
    condition = {
      for statement in jsondecode(module.evidence_audit[0].permissions).Statement : statement.Sid => [statement.Action, statement.Resource]
      if can(regex("Evidence", statement.Sid))
      } == {
      FindEvidence = [["s3:ListBucketVersions"], ["arn:aws:s3:::day2-evidence"]]
      ReadEvidence = [["s3:GetObjectRetention", "s3:GetObjectVersion"], ["arn:aws:s3:::day2-evidence/evidence/*"]]
    }
    error_message = "the audit must list and read the evidence, and nothing else in its bucket"
  }

  assert {
    condition     = join(" ", keys(output.functions["evidence-audit"].schedules)) == "audit-prod-a audit-prod-b"
    error_message = "each target must be audited"
  }
}

run "the_audit_is_told_where_evidence_is_and_has_no_day_off" {
  command = plan

  assert {
    condition = jsondecode(output.settings["evidence-audit"]).function == {
      evidence = { bucket = "day2-evidence", key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
      targets  = { prod-a = {}, prod-b = { lock_mode = "compliance", max_mebibytes = 512 } }
    }
    error_message = "the function must read what the variables say, and what is not set is left out"
  }

  assert {
    condition     = length(jsondecode(output.settings["evidence-audit"]).calendar.working_days) == 7
    error_message = "an audit that falls on a holiday must not wait for a week"
  }
}
