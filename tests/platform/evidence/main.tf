# Deploys infra/evidence to the local platform: a root of its own, as for its users, because nothing may ever destroy it. It
# goes when the emulator goes.

terraform {
  required_version = ">= 1.11"

  backend "local" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100" # what the tests run on; infra/ itself allows newer ones
    }
  }
}

# A service that is left out of `endpoints` would be looked for in real AWS.
provider "aws" {
  region     = var.region
  access_key = "test"
  secret_key = "test"

  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  skip_region_validation      = true
  s3_use_path_style           = true
  max_retries                 = 2 # a server error of the emulator is a mistake to show, not to wait for

  endpoints {
    iam = var.endpoint
    kms = var.endpoint
    s3  = var.endpoint
    sts = var.endpoint
  }
}

module "evidence" {
  source = "../../../infra/evidence"

  retention_mode = "compliance"
  retention_days = 365
}
