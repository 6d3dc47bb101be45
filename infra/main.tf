# Day2: the shared parts of one deployment. Each function is one file: fn_<name>.tf.
#
# There is no provider block here, so that this root also works as a module of somebody else. Applied by itself, it uses
# region and credentials of the environment, as the AWS CLI does.

locals {
  tags = merge({ "day2:deployment" = var.name }, var.tags)

  # ARNs are written out instead of read from the resources: settings and policies that wait for an ARN could be neither
  # shown in a plan nor measured (settings.tf).
  topic_arn            = "arn:${local.partition}:sns:${local.region}:${local.account_id}:${var.name}-reports"
  operations_topic_arn = coalesce(var.operations.topic_arn, "arn:${local.partition}:sns:${local.region}:${local.account_id}:${var.name}-operations")
  journal_table_arn    = "arn:${local.partition}:dynamodb:${local.region}:${local.account_id}:table/${var.name}-journal"
  failure_queue_arn    = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:${var.name}-failures"
  report_bucket        = coalesce(var.report_bucket_name, "${var.name}-reports-${local.account_id}-${local.region}")
  report_bucket_arn    = "arn:${local.partition}:s3:::${local.report_bucket}"
}
