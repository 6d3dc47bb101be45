# Run in infra/: terraform test -test-directory=examples/single-cluster -var-file=examples/single-cluster/terraform.tfvars

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
    condition     = join(" ", keys(output.functions["scale-window"].schedules)) == "postscale-prod-a prescale-prod-a scaledown-prod-a"
    error_message = "the example must schedule every task for its target"
  }
}
