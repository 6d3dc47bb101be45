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

  # Lambda documents no source condition for the role of a function: with one, the role could not be assumed.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
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
