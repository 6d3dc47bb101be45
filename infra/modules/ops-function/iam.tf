locals {
  permission_values = merge(var.permission_values, {
    account_id     = local.account_id
    region         = local.region
    partition      = local.partition
    name_prefix    = var.name_prefix
    log_group_arn  = local.log_group_arn
    vpc_interfaces = var.vpc == null ? "" : "*"
  })

  # Filled one by one: a value that is known only after apply then hides its own policy from the plan and no other.
  permissions_template = jsonencode(jsondecode(file(var.permissions_file)).Statement)
  implied_template     = jsonencode(flatten([for block in jsondecode(file(var.permissions_file)).implied : block.Statement]))

  # A placeholder of an optional feature is empty while the feature is off; its statement then grants nothing and is left out.
  # IAM would refuse it.
  permissions = [
    for statement in jsondecode(templatestring(local.permissions_template, local.permission_values)) : statement
    if length(compact(flatten([statement.Resource]))) > 0
  ]
  implied = [
    for statement in jsondecode(templatestring(local.implied_template, local.permission_values)) : statement
    if length(compact(flatten([statement.Resource]))) > 0
  ]
}

resource "aws_iam_role" "function" {
  name                 = local.function_name
  description          = "What the function ${local.function_name} may do."
  permissions_boundary = var.permissions_boundary_arn

  # Lambda assumes it for functions of this account only. That it sends aws:SourceAccount along is in its guide, which also names
  # aws:SourceArn and does not say of what: https://docs.aws.amazon.com/lambda/latest/dg/permissions-managed-policies.html
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })

  tags = var.tags
}

# What the code of the function calls: exactly `Statement` of its permissions.json.
resource "aws_iam_role_policy" "permissions" {
  name   = "permissions"
  role   = aws_iam_role.function.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.permissions })
}

# What AWS calls with the function's role, never its code: exactly `implied` of its permissions.json.
resource "aws_iam_role_policy" "implied" {
  name   = "implied"
  role   = aws_iam_role.function.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.implied })
}

# Lambda makes and removes the network interfaces by itself, with the function's role. What the code calls carries the ARN of the function,
# those calls of Lambda do not: so the code is refused what Lambda may.
# https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
resource "aws_iam_role_policy" "interfaces" {
  count = var.vpc == null ? 0 : 1

  name = "interfaces"
  role = aws_iam_role.function.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "NotByTheCode"
      Effect = "Deny"
      Action = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:UnassignPrivateIpAddresses",
      ]
      Resource  = "*"
      Condition = { ArnEquals = { "lambda:SourceFunctionArn" = local.function_arn } }
    }]
  })
}
