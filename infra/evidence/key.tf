# The key decides who can read. Administration and use are apart: the account's administrators can change this policy, and
# that is seen, but as it stands they can neither read evidence nor write any.
resource "aws_kms_key" "this" {
  description             = "Evidence of the Day2 deployment ${var.name}."
  enable_key_rotation     = true # old key material stays, so that old evidence stays readable
  deletion_window_in_days = 30   # without the key the evidence is lost, whatever the bucket keeps

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "AdministratorsAdminister"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
        Action = [
          "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:DisableKeyRotation",
          "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants",
          "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant",
          "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
        ]
        Resource = "*"
      },
      {
        # A data key is all that writing needs: with it S3 encrypts, and without Decrypt nobody gets a data key back.
        Sid       = "WritersEncrypt"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
        Action    = "kms:GenerateDataKey"
        Resource  = "*"
        Condition = merge(local.only_by_this_bucket, { ArnLike = { "aws:PrincipalArn" = local.writer_arns } })
      },
      ], length(local.auditor_arns) == 0 ? [] : [{
        Sid       = "AuditorsDecrypt"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
        Action    = "kms:Decrypt"
        Resource  = "*"
        Condition = merge(local.only_by_this_bucket, { ArnLike = { "aws:PrincipalArn" = local.auditor_arns } })
    }])
  })

  tags = local.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}-evidence"
  target_key_id = aws_kms_key.this.key_id
}

locals {
  # With a bucket key the encryption context is the bucket's ARN, without one the object's.
  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
  only_by_this_bucket = {
    StringEquals = { "kms:ViaService" = "s3.${local.region}.${local.dns_suffix}" }
    StringLike   = { "kms:EncryptionContext:aws:s3:arn" = [local.bucket_arn, "${local.bucket_arn}/*"] }
  }
}
