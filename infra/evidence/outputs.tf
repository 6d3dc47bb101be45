output "evidence" {
  description = "The variable `evidence` of the main root."
  value = {
    bucket  = aws_s3_bucket.this.bucket
    key_arn = local.key_arn
  }
}

output "retention" {
  description = "What the bucket keeps by default."
  value = {
    mode = var.retention_mode
    days = var.retention_days
  }
}
