# Who called a function, for example to approve a plan: Lambda tells a function nothing of its caller, CloudTrail does. The
# request id in the report and in the trail is the same.
# https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html

locals {
  trail_arn        = "arn:${local.partition}:cloudtrail:${local.region}:${local.account_id}:trail/${var.name}-invocations"
  trail_bucket     = "${var.name}-trail-${local.account_id}-${local.region}"
  trail_bucket_arn = "arn:${local.partition}:s3:::${local.trail_bucket}"
}

resource "aws_cloudtrail" "invocations" {
  count = var.invocation_trail ? 1 : 0

  name                          = "${var.name}-invocations"
  s3_bucket_name                = aws_s3_bucket.trail[0].bucket
  enable_log_file_validation    = true
  include_global_service_events = false
  is_multi_region_trail         = false
  tags                          = local.tags

  # Calls of the deployment's functions, and nothing else of the account.
  advanced_event_selector {
    name = "Calls of the functions of ${var.name}"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }

    field_selector {
      field  = "resources.type"
      equals = ["AWS::Lambda::Function"]
    }

    field_selector {
      field       = "resources.ARN"
      starts_with = ["arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${var.name}-"]
    }
  }

  depends_on = [aws_s3_bucket_policy.trail]
}

resource "aws_s3_bucket" "trail" {
  count = var.invocation_trail ? 1 : 0

  bucket        = local.trail_bucket
  force_destroy = var.reports_force_destroy
  tags          = local.tags
}

resource "aws_s3_bucket_ownership_controls" "trail" {
  count = var.invocation_trail ? 1 : 0

  bucket = aws_s3_bucket.trail[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "trail" {
  count = var.invocation_trail ? 1 : 0

  bucket = aws_s3_bucket.trail[0].id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "trail" {
  count = var.invocation_trail ? 1 : 0

  bucket = aws_s3_bucket.trail[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "trail" {
  count = var.invocation_trail ? 1 : 0

  bucket = aws_s3_bucket.trail[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "trail" {
  count = var.invocation_trail && var.report_retention_days != null ? 1 : 0

  bucket = aws_s3_bucket.trail[0].id

  rule {
    id     = "trail"
    status = "Enabled"

    filter {}

    expiration {
      days = var.report_retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.trail]
}

# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
resource "aws_s3_bucket_policy" "trail" {
  count = var.invocation_trail ? 1 : 0

  bucket = aws_s3_bucket.trail[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.trail_bucket_arn, "${local.trail_bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "TheTrailLooksAtTheBucket"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = local.trail_bucket_arn
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        Sid       = "TheTrailWrites"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.trail_bucket_arn}/AWSLogs/${local.account_id}/*"
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn, "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.trail]
}
