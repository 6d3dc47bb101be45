# A private EKS cluster in AWS GovCloud (US): the same as elsewhere, with subnets for the private endpoint. Partition, service
# names and ARNs follow the region of the caller.
zone                = "America/Denver"
package_dir         = "../target/lambda" # where `make package` leaves the zip files; relative to infra/
email_subscriptions = ["sre@example.gov"]

# The subnets need a way to the AWS APIs: interface endpoints, or a NAT gateway.
vpc = {
  subnet_ids         = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  security_group_ids = ["sg-0123456789abcdef0"]
}

# Who approved what is part of the record here.
invocation_trail   = true
log_retention_days = 1096

targets = [{
  name     = "prod-a"
  cluster  = { name = "prod-a" }
  database = { id = "prod-a" }
  vpc_id   = "vpc-0123456789abcdef0"
  node_groups = [
    { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
    { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
  ]
}]

scale_window = {
  targets = {
    prod-a = {
      control     = { groups = [{ node_group = "control", min_ready = 2 }] }
      groups      = [{ node_group = "workspace", before = 10, peak = 50, after = 10, min = 10, max = 60 }]
      nat_zones   = ["us-gov-west-1a", "us-gov-west-1b", "us-gov-west-1c"]
      not_checked = ["workloads", "schedule", "quotas", "probes"]
    }
  }
}

connection_exhaustion = {
  safety = { mode = "approve" }
  targets = {
    prod-a = {
      alarm_arns = ["arn:aws-us-gov:cloudwatch:us-gov-west-1:123456789012:alarm:prod-a-connections"]
      clients    = [{ name = "coder", namespace = "coder", deployment = "coder", pool_size = 20, may_restart = true }]
      acu        = { may_raise = true, max_ceiling = 32 }
    }
  }
}
