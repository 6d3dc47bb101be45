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

  assert {
    condition     = join(" ", keys(output.functions)) == "connection-exhaustion doctor lease-sweeper provisioning-latency scale-window watchdog"
    error_message = "the example must deploy the functions that act, and the sweeper of their changes"
  }

  assert {
    condition     = alltrue([for name in ["connection-exhaustion", "provisioning-latency"] : jsondecode(output.settings[name]).function.safety.mode == "approve"])
    error_message = "the example must change nothing without a person"
  }

  assert {
    condition     = flatten([for pattern in values(output.functions["provisioning-latency"].event_rules) : jsondecode(pattern).resources]) == ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-provisioning-latency"]
    error_message = "the alarm that is made must call its function"
  }
}
