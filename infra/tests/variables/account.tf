# Stands in for infra/account.tf where only variables are looked at: no provider is needed, so that a run takes a moment.

locals {
  partition  = "aws"
  dns_suffix = "amazonaws.com"
  account_id = "123456789012"
  region     = "us-east-1"
}
