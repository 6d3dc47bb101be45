# The first day: looks every morning at one cluster and its database and mails what it finds. Nothing here changes anything.
zone                = "America/New_York"
package_dir         = "../target/lambda" # where `make package` leaves the zip files; relative to infra/
email_subscriptions = ["sre@example.com"]

targets = [{
  name     = "prod-a"
  cluster  = { name = "prod-a" }
  database = { id = "prod-a" } # of Aurora; engine = "rds" for an instance
  vpc_id   = "vpc-0123456789abcdef0"
}]

# Cluster, nodes, workloads, storage, certificates, alarms, database, at 06:00. What there is nothing to look at is named here, and
# stands in each report.
health_check = {
  targets = {
    prod-a = { not_checked = ["mesh", "scaling"] }
  }
}

# Are the backups of the database there, young and whole? Daily at 07:30, and in more depth on Fridays.
backup_verification = {
  targets = {
    prod-a = {
      database    = {}
      not_checked = ["copies", "aws_backup", "velero", "dumps", "restore_proof"]
    }
  }
}
