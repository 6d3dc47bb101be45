variable "targets" {
  description = "The platforms: EKS cluster, Aurora or RDS database, node groups. Account and region default to those of role_arn and of the deployment."
  type = list(object({
    name       = string           # in mails, reports and schedules
    account_id = optional(string) # 12 digits
    region     = optional(string)
    role_arn   = optional(string) # role to assume, for a platform in another account

    topic_arn     = optional(string) # where its mails go; the deployment's topic by default
    topic_key_arn = optional(string) # key of that topic, if it has one

    cluster = optional(object({
      name         = string
      endpoint     = optional(string)     # https URL; what EKS names by default
      access_entry = optional(bool, true) # let the functions into the cluster
    }))

    database = optional(object({
      engine = optional(string, "aurora") # aurora (cluster identifier) or rds (instance identifier)
      id     = string
    }))

    node_groups = optional(list(object({
      name               = string
      auto_scaling_group = string
      selector           = map(string) # labels that all nodes of the group carry, and no others
    })), [])

    vpc_id = optional(string)
  }))
  nullable = false

  validation {
    condition     = length(var.targets) > 0
    error_message = "targets needs at least one platform: without one there is nothing to look at."
  }

  validation {
    condition     = alltrue([for t in var.targets : can(regex("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", t.name))])
    error_message = "A target's name must be 1 to 40 characters of a-z, 0-9 and -, beginning and ending with a letter or digit."
  }

  validation {
    condition     = length(distinct(var.targets[*].name)) == length(var.targets)
    error_message = "Two targets have the same name; reports and schedules could not be told apart."
  }

  validation {
    condition     = alltrue([for t in var.targets : t.account_id == null ? true : can(regex("^[0-9]{12}$", t.account_id))])
    error_message = "account_id must be the 12 digits of an AWS account, as text: \"123456789012\"."
  }

  validation {
    condition     = alltrue([for t in var.targets : t.region == null ? true : can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", t.region))])
    error_message = "region must be an AWS region such as us-east-1 or us-gov-west-1."
  }

  validation {
    condition     = alltrue([for t in var.targets : t.role_arn == null ? true : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", t.role_arn))])
    error_message = "role_arn must be the ARN of an IAM role: arn:aws:iam::123456789012:role/name."
  }

  validation {
    condition     = alltrue([for t in var.targets : t.role_arn == null || t.account_id == null ? true : strcontains(t.role_arn, "::${t.account_id}:role/")])
    error_message = "role_arn is a role of another account than account_id; name a role in the target's own account."
  }

  validation {
    condition     = alltrue([for t in var.targets : t.topic_arn == null ? true : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", t.topic_arn))])
    error_message = "topic_arn must be the ARN of an SNS standard topic: arn:aws:sns:us-east-1:123456789012:name."
  }

  validation {
    condition     = alltrue([for t in var.targets : t.topic_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/", t.topic_key_arn))])
    error_message = "topic_key_arn must be the ARN of a KMS key (not of an alias): arn:aws:kms:us-east-1:123456789012:key/…"
  }

  validation {
    condition     = alltrue([for t in var.targets : t.cluster == null ? true : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$", t.cluster.name))])
    error_message = "cluster.name must be the name from `aws eks list-clusters`: at most 100 letters, digits, - and _."
  }

  validation {
    condition     = alltrue([for t in var.targets : try(t.cluster.endpoint, null) == null ? true : can(regex("^https://[^/?#@]+/?$", t.cluster.endpoint))])
    error_message = "cluster.endpoint must be an https URL without path, user or query: the token of the function is sent there."
  }

  validation {
    condition     = alltrue([for t in var.targets : t.database == null ? true : contains(["aurora", "rds"], t.database.engine)])
    error_message = "database.engine must be aurora (id is a cluster identifier) or rds (id is an instance identifier)."
  }

  validation {
    condition     = alltrue([for t in var.targets : t.database == null ? true : can(regex("^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$", t.database.id)) && length(t.database.id) <= 63])
    error_message = "database.id must be a cluster or instance identifier: at most 63 letters, digits and -, beginning with a letter."
  }

  validation {
    condition     = alltrue([for t in var.targets : length(distinct(t.node_groups[*].name)) == length(t.node_groups) && length(distinct(t.node_groups[*].auto_scaling_group)) == length(t.node_groups)])
    error_message = "Within a target, each node group needs a name and an Auto Scaling group of its own."
  }

  validation {
    condition     = alltrue(flatten([for t in var.targets : [for g in t.node_groups : length(g.selector) > 0]]))
    error_message = "A node group's selector must name at least one label; an empty one would match every node of the cluster."
  }

  validation {
    condition     = alltrue([for t in var.targets : t.vpc_id == null ? true : can(regex("^vpc-([0-9a-f]{8}|[0-9a-f]{17})$", t.vpc_id))])
    error_message = "vpc_id must be vpc- and 17 hexadecimal digits, as in `aws ec2 describe-vpcs`."
  }
}
