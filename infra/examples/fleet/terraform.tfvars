# One deployment for several platforms: in its own account, in another region of it, and in two other accounts. Each of those
# gets a role that the functions assume (README, "A fleet"), and forwards the alarms that a function acts on:
#
#   module "day2_forwarding" {                                  # in account 222222222222, eu-central-1
#     source          = "…//infra/modules/forwarding"
#     name            = "day2"
#     event_bus_arn   = "arn:aws:events:us-east-1:123456789012:event-bus/default"
#     alarm_arns      = ["arn:aws:cloudwatch:eu-central-1:222222222222:alarm:prod-c-connections"]
#     findings        = true
#     alarm_topic_arn = "arn:aws:sns:eu-central-1:222222222222:platform-alerts" # told when something could not be forwarded
#   }
zone                = "America/New_York"
package_dir         = "../target/lambda" # where `make package` leaves the zip files; relative to infra/
email_subscriptions = ["sre@example.com"]

# The roles of that module, one for each account and region but the deployment's own account.
forwarding_roles = [
  "arn:aws:iam::222222222222:role/day2-forward-eu-central-1",
  "arn:aws:iam::333333333333:role/day2-forward-us-east-1",
]

targets = [
  {
    name     = "prod-a"
    cluster  = { name = "prod-a" }
    database = { id = "prod-a" }
    node_groups = [
      { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
      { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
    ]
  },
  {
    name     = "prod-b" # the same account, another region: its role lets the functions into the cluster there
    region   = "us-west-2"
    role_arn = "arn:aws:iam::123456789012:role/day2-reader"
    cluster  = { name = "prod-b" }
    database = { id = "prod-b" }
    node_groups = [
      { name = "control", auto_scaling_group = "prod-b-control", selector = { node-group = "control" } },
      { name = "workspace", auto_scaling_group = "prod-b-workspace", selector = { node-group = "workspace" } },
    ]
  },
  {
    name     = "prod-c"
    region   = "eu-central-1"
    role_arn = "arn:aws:iam::222222222222:role/day2"
    cluster  = { name = "prod-c" }
    database = { id = "prod-c" }
    # Its team reads its own mails.
    topic_arn     = "arn:aws:sns:us-east-1:222222222222:platform-alerts"
    topic_key_arn = "arn:aws:kms:us-east-1:222222222222:key/0a1b2c3d-0000-0000-0000-000000000000"
    node_groups = [
      { name = "control", auto_scaling_group = "prod-c-control", selector = { node-group = "control" } },
      { name = "workspace", auto_scaling_group = "prod-c-workspace", selector = { node-group = "workspace" } },
    ]
  },
  {
    name     = "prod-d"
    role_arn = "arn:aws:iam::333333333333:role/day2"
    database = { engine = "rds", id = "prod-d" }
  },
]

scale_window = {
  targets = {
    prod-a = {
      control     = { groups = [{ node_group = "control", min_ready = 2 }] }
      groups      = [{ node_group = "workspace", before = 10, peak = 50, after = 10, min = 10, max = 60 }]
      not_checked = ["workloads", "nat", "schedule", "quotas", "probes"]
    }
    prod-b = {
      control     = { groups = [{ node_group = "control", min_ready = 2 }] }
      groups      = [{ node_group = "workspace", before = 4, peak = 20, after = 4, min = 4, max = 30 }]
      not_checked = ["workloads", "nat", "schedule", "quotas", "probes"]
    }
    prod-c = {
      control     = { groups = [{ node_group = "control", min_ready = 2 }] }
      groups      = [{ node_group = "workspace", before = 6, peak = 30, after = 6, min = 6, max = 40 }]
      not_checked = ["workloads", "nat", "schedule", "quotas", "probes"]
    }
  }
}

connection_exhaustion = {
  safety = { mode = "observe" }
  targets = {
    prod-c = {
      alarm_arns = ["arn:aws:cloudwatch:eu-central-1:222222222222:alarm:prod-c-connections"]
      clients    = [{ name = "coder", namespace = "coder", deployment = "coder", pool_size = 20 }]
    }
    prod-d = {
      alarm_arns      = ["arn:aws:cloudwatch:us-east-1:333333333333:alarm:prod-d-connections"]
      max_connections = 500
    }
  }
}
