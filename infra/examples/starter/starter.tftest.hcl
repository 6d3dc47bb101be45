# Run in infra/: terraform test -test-directory=examples/starter -var-file=examples/starter/terraform.tfvars

mock_provider "aws" {
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API" }] } }
}

variables {
  package_dir = "tests/fixtures"
}

run "the_example_can_be_planned" {
  command = plan

  assert {
    condition     = join(" ", keys(output.functions)) == "backup-verification doctor health-check watchdog"
    error_message = "the example must look, and have the watchdog and the doctor; nothing in it acts"
  }

  assert {
    condition     = length(aws_sns_topic_subscription.email) == 1 && length(aws_sns_topic_subscription.operations_email) == 1
    error_message = "the address must get reports, and hear when Day2 is ill"
  }

  assert {
    condition     = length(output.functions["health-check"].access_entries) == 1
    error_message = "the function must be let into the cluster"
  }
}
