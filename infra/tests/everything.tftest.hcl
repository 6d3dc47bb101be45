# Every setting of the root at once, as a plan. What is refused is in tests/variables.

mock_provider "aws" {
  mock_data "aws_caller_identity" { defaults = { account_id = "123456789012" } }
  mock_data "aws_partition" { defaults = { partition = "aws", dns_suffix = "amazonaws.com" } }
  mock_data "aws_region" { defaults = { id = "us-east-1", name = "us-east-1" } }
  mock_data "aws_eks_cluster" { defaults = { access_config = [{ authentication_mode = "API" }] } }
}

variables {
  zone        = "Europe/Berlin"
  package_dir = "tests/fixtures"
  targets = [{
    name          = "prod-a"
    account_id    = "123456789012"
    region        = "us-east-1"
    role_arn      = null
    topic_arn     = "arn:aws:sns:us-east-1:123456789012:alerts"
    topic_key_arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    cluster       = { name = "prod-a", endpoint = "https://10.0.0.1:6443" }
    database      = { engine = "rds", id = "prod-a" }
    node_groups = [
      { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
      { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
    ]
    vpc_id = "vpc-0123456789abcdef0"
  }]
  calendar = {
    working_days = ["mon", "sat"]
    holidays     = [{ date = "2028-02-29", name = "leap day" }]
    exceptions   = [{ date = "2026-12-26", runs = true, why = "release" }]
  }
  email_subscriptions = ["sre@example.com"]
  scale_window = {
    mail                 = "on_change"
    schedules            = { prescale = "cron(15 6 * * ? *)" }
    reserved_concurrency = 1
    targets = {
      prod-a = {
        control           = { groups = [{ node_group = "control", min_ready = 2 }], workloads = [{ namespace = "coder", deployment = "coder-server" }] }
        groups            = [{ node_group = "workspace", before = 10, peak = 50, after = 10, min = 10, max = 60, min_on_demand_percent = 20, vcpus_per_node = 4 }]
        scheduled_actions = [{ node_group = "workspace", name = "up", at = "06:45", desired = 50 }]
        probes            = [{ name = "app", url = "https://app.example.com", json = [{ pointer = "/healthy", equals = true }] }]
        nat_zones         = ["us-east-1a"]
        alarms            = { prefix = "prod-a-" }
        database          = { max_connections_percent = 70 }
        quotas            = [{ service = "ec2", code = "L-1216C47A", node_groups = ["workspace"] }]
        cost              = { currency = "USD", per_hour = { "m7i.xlarge" = 0.2016 } }
      }
    }
  }
}

run "every_setting_at_once_is_accepted" {
  command = plan
}
