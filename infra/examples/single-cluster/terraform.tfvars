# One EKS cluster with its Aurora database, in the account and region of the caller.
zone                = "America/New_York"
package_dir         = "../target/lambda" # where `make package` leaves the zip files; relative to infra/
email_subscriptions = ["sre@example.com"]

targets = [{
  name     = "prod-a"
  cluster  = { name = "prod-a" }
  database = { id = "prod-a" }
  vpc_id   = "vpc-0123456789abcdef0"
  node_groups = [
    { name = "control", auto_scaling_group = "prod-a-control", selector = { node-group = "control" } },
    { name = "provisioner", auto_scaling_group = "prod-a-provisioner", selector = { node-group = "provisioner" } },
    { name = "workspace", auto_scaling_group = "prod-a-workspace", selector = { node-group = "workspace" } },
  ]
}]

scale_window = {
  targets = {
    prod-a = {
      control = {
        groups    = [{ node_group = "control", min_ready = 2 }]
        workloads = [{ namespace = "coder", deployment = "coder-server" }]
      }
      groups = [
        { node_group = "provisioner", before = 0, peak = 5, after = 0, min = 0, max = 10 },
        { node_group = "workspace", before = 10, peak = 50, after = 10, min = 0, max = 60 },
      ]
      scheduled_actions = [
        { node_group = "workspace", at = "06:45", desired = 50 },
        { node_group = "workspace", at = "18:15", desired = 10 },
      ]
      probes      = [{ name = "coder", url = "https://coder.example.com/healthz" }]
      nat_zones   = ["us-east-1a", "us-east-1b", "us-east-1c"]
      not_checked = ["quotas"]
    }
  }
}

# Both plan and mail, and change nothing until somebody sends the lines of the mail. Whoever has lambda:InvokeFunction on them
# may do that. "observe" only plans; "auto" acts.
provisioning_latency = {
  safety = { mode = "approve" }
  targets = {
    prod-a = {
      create_alarm = {
        namespace   = "Coder/Provisioning"
        metric_name = "WorkspaceProvisioningSeconds"
        dimensions  = { Environment = "prod-a" }
        threshold   = 120
      }
      node_group           = "workspace"
      provisioner          = { namespace = "coder", deployment = "coder-provisioner" }
      workspace_namespaces = ["coder-workspaces"]
      step                 = { percent = 50, max_nodes = 25 }
      not_checked          = ["quota"]
    }
  }
}

connection_exhaustion = {
  safety = { mode = "approve" }
  targets = {
    prod-a = {
      # One alarm for each instance: an average over the cluster hides a full writer behind an idle reader.
      alarm_arns = [
        "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-db-connections-prod-a-1",
        "arn:aws:cloudwatch:us-east-1:123456789012:alarm:prod-a-db-connections-prod-a-2",
      ]
      clients = [{ name = "coder-api", namespace = "coder", deployment = "coder-api", pool_size = 400 }]
      acu     = { may_raise = true, max_ceiling = 32 }
    }
  }
}
