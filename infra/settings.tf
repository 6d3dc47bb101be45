# One JSON document per function, read by it at cold start. Up to 3 kB it stands in the environment variable itself, which
# may hold 4 kB with all others; above that it is an object in the report bucket, and the variable names it with its SHA-256.

locals {
  settings_inline_limit_bytes = 3072

  settings_deployment = {
    name          = var.name
    zone          = var.zone
    partition     = local.partition
    topic_arn     = local.topic_arn
    report_bucket = local.report_bucket
    journal_table = "${var.name}-journal"
    history_days  = var.history_days
  }

  # What is not set is left out: the function has the default, and the document stays small.
  settings_targets = {
    for name, target in local.targets : name => merge(
      {
        for key, value in target : key => value
        if value != null && !contains(["cluster", "topic_key_arn"], key)
      },
      target.cluster == null ? {} : {
        cluster = { for key, value in target.cluster : key => value if value != null && key != "access_entry" }
      },
    )
  }

  # All but the doctor's, which tells of the policies of all functions: policies may wait for these, and not for that one.
  settings_documents_of_the_rest = {
    for name, function in local.functions : name => jsonencode({
      deployment = merge(local.settings_deployment, { mail = function.mail })
      calendar   = function.calendar == null ? var.calendar : function.calendar
      targets    = [for target in function.targets : local.settings_targets[target]]
      function   = function.settings
    }) if name != "doctor"
  }

  settings_document_of_the_doctor = {
    for name, function in { doctor = local.doctor } : name => jsonencode({
      deployment = merge(local.settings_deployment, { mail = function.mail })
      calendar   = function.calendar
      targets    = [for target in function.targets : local.settings_targets[target]]
      function   = local.doctor_settings
    }) if function != null
  }

  settings_documents = merge(local.settings_documents_of_the_rest, local.settings_document_of_the_doctor)

  # The length in base64 gives the bytes; length() would count letters.
  settings_large_of_the_rest = {
    for name, document in local.settings_documents_of_the_rest : name => document
    if length(base64encode(document)) / 4 * 3 > local.settings_inline_limit_bytes
  }

  # The doctor's is never small.
  settings_large = merge(local.settings_large_of_the_rest, local.settings_document_of_the_doctor)

  settings_environment = {
    for name, document in local.settings_documents : name => contains(keys(local.settings_large), name) ? {
      DAY2_SETTINGS        = "s3://${local.report_bucket}/${aws_s3_object.settings[name].key}"
      DAY2_SETTINGS_SHA256 = sha256(document)
    } : { DAY2_SETTINGS = document }
  }
}

resource "aws_s3_object" "settings" {
  for_each = local.settings_large

  bucket       = aws_s3_bucket.reports.bucket
  key          = "settings/${each.key}/${sha256(each.value)}.json" # so that no function meets the document of the deployment before
  content      = each.value
  content_type = "application/json"
  tags         = local.tags

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_s3_bucket_versioning.reports, aws_s3_bucket_server_side_encryption_configuration.reports]
}
