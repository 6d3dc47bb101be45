# What the bucket and the key promise (cases O10, O05), as a plan.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_resource "aws_kms_key" { defaults = { arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000" } }
}

variables {
  retention_mode = "compliance"
  retention_days = 400
}

run "versions_are_kept_and_locked" {
  command = plan

  assert {
    condition     = aws_s3_bucket.this.object_lock_enabled && !aws_s3_bucket.this.force_destroy
    error_message = "the bucket must have Object Lock and must not be emptied by destroy"
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "the bucket must keep versions"
  }

  assert {
    condition     = one(aws_s3_bucket_object_lock_configuration.this.rule).default_retention[0].mode == "COMPLIANCE" && one(aws_s3_bucket_object_lock_configuration.this.rule).default_retention[0].days == 400
    error_message = "every object must be locked as the variables say"
  }
}

run "nothing_is_public_and_the_owner_owns" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "all four public blocks must be on"
  }

  assert {
    condition     = one(aws_s3_bucket_ownership_controls.this.rule).object_ownership == "BucketOwnerEnforced"
    error_message = "access control lists must be off"
  }
}

run "everything_is_encrypted_with_the_one_key" {
  command = plan

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == output.evidence.key_arn
    error_message = "the bucket must encrypt with the key of the evidence by default"
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).bucket_key_enabled
    error_message = "the bucket key must be on, or a storm of findings becomes a storm at KMS"
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "the key must rotate, and its deletion must wait as long as it can"
  }
}

run "the_bucket_refuses_what_would_spoil_evidence" {
  command = plan

  assert {
    condition = {
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Sid => [statement.Effect, jsonencode(statement.Action), try(jsonencode(statement.Condition), "always")]
      } == {
      OnlyOverTls                 = ["Deny", jsonencode("s3:*"), jsonencode({ Bool = { "aws:SecureTransport" = "false" } })]
      OnlyWithTheKeyOfTheEvidence = ["Deny", jsonencode("s3:PutObject"), jsonencode({ StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = output.evidence.key_arn } })]
      NothingIsWrittenOver        = ["Deny", jsonencode("s3:PutObject"), jsonencode({ Null = { "s3:if-none-match" = "true" } })]
      RetentionIsNotBypassed      = ["Deny", jsonencode(["s3:BypassGovernanceRetention", "s3:DeleteObjectVersion"]), "always"]
    }
    error_message = "the bucket policy must refuse plain HTTP, other keys, overwriting and deletion of versions, to everybody"
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement.Principal == "*"])
    error_message = "each refusal must hold for everybody"
  }
}

run "writers_cannot_read_and_auditors_cannot_write" {
  command = plan

  assert {
    condition = {
      for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Sid => [jsonencode(statement.Action), jsonencode(statement.Condition)]
      if statement.Sid != "AdministratorsAdminister"
      } == {
      WritersEncrypt = [jsonencode("kms:GenerateDataKey"), jsonencode({
        ArnLike      = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/day2-threat-containment"] }
        StringEquals = { "kms:ViaService" = "s3.us-east-1.amazonaws.com" }
        StringLike   = { "kms:EncryptionContext:aws:s3:arn" = ["arn:aws:s3:::day2-evidence-123456789012-us-east-1", "arn:aws:s3:::day2-evidence-123456789012-us-east-1/*"] }
      })]
      AuditorsDecrypt = [jsonencode("kms:Decrypt"), jsonencode({
        ArnLike      = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/day2-evidence-audit"] }
        StringEquals = { "kms:ViaService" = "s3.us-east-1.amazonaws.com" }
        StringLike   = { "kms:EncryptionContext:aws:s3:arn" = ["arn:aws:s3:::day2-evidence-123456789012-us-east-1", "arn:aws:s3:::day2-evidence-123456789012-us-east-1/*"] }
      })]
    }
    error_message = "only writers may encrypt, only auditors may decrypt, and both through this bucket only"
  }

  assert {
    condition = length([
      for action in flatten([for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Action if statement.Sid == "AdministratorsAdminister"]) : action
      if can(regex("\\*|Decrypt|Encrypt|DataKey|CreateGrant|Sign", action))
    ]) == 0
    error_message = "administrators must not use the key, nor grant its use"
  }
}

run "without_an_auditor_nobody_decrypts" {
  command = plan

  variables {
    auditor_functions = []
  }

  assert {
    condition     = join(" ", [for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Sid]) == "AdministratorsAdminister WritersEncrypt"
    error_message = "a statement without a principal would let everybody decrypt"
  }
}

run "china_has_its_own_partition_and_names_w27" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn", dns_suffix = "amazonaws.com.cn" }
  }

  override_data {
    target = data.aws_region.current
    values = { id = "cn-north-1", name = "cn-north-1" }
  }

  assert {
    condition     = jsondecode(aws_kms_key.this.policy).Statement[1].Condition.StringEquals["kms:ViaService"] == "s3.cn-north-1.amazonaws.com.cn" && startswith(jsondecode(aws_kms_key.this.policy).Statement[1].Condition.ArnLike["aws:PrincipalArn"][0], "arn:aws-cn:iam::")
    error_message = "ARNs and service names must be those of the partition"
  }
}

run "expiry_comes_after_retention" {
  command = plan

  variables {
    expire_after_days = 800
    access_log_bucket = "logs"
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.this.rule).expiration[0].days == 800 && one(aws_s3_bucket_lifecycle_configuration.this.rule).noncurrent_version_expiration[0].noncurrent_days == 400
    error_message = "evidence must be deleted as the variables say"
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.this.rule).abort_incomplete_multipart_upload[0].days_after_initiation == 1
    error_message = "parts of an upload that was never completed must not stay"
  }

  assert {
    condition     = one(aws_s3_bucket_logging.this).target_bucket == "logs"
    error_message = "the access log must go to the bucket that was named"
  }
}

run "mistakes_are_refused" {
  command = plan

  variables {
    name              = "Day2"
    retention_mode    = "none"
    retention_days    = 0
    bucket_name       = "Evidence"
    writer_functions  = ["evidence-audit"]
    investigator_arns = ["*"]
  }

  expect_failures = [
    var.name,
    var.retention_mode,
    var.retention_days,
    var.bucket_name,
    var.writer_functions,
    var.investigator_arns,
  ]
}

run "expiry_within_the_retention_is_refused" {
  command = plan

  variables {
    expire_after_days = 400
  }

  expect_failures = [var.expire_after_days]
}
