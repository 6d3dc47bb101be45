# Bucket and key of the evidence: a root of its own, so that no `terraform destroy` of a deployment reaches them. It has no
# provider block, like the main root.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
  account_id = data.aws_caller_identity.current.account_id
  region     = data.aws_region.current.id

  tags = merge({ "day2:deployment" = var.name }, var.tags)

  bucket     = coalesce(var.bucket_name, "${var.name}-evidence-${local.account_id}-${local.region}")
  bucket_arn = "arn:${local.partition}:s3:::${local.bucket}"
  key_arn    = aws_kms_key.this.arn

  # The roles of the functions by the names that the main root gives them; they need not exist yet.
  role_arns    = "arn:${local.partition}:iam::${local.account_id}:role"
  writer_arns  = [for function in var.writer_functions : "${local.role_arns}/${var.name}-${function}"]
  auditor_arns = concat([for function in var.auditor_functions : "${local.role_arns}/${var.name}-${function}"], tolist(var.investigator_arns))
}
