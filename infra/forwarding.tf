# Alarms and findings of other accounts: modules/forwarding sends them from there; here its roles are let in, for these two
# sources and nothing else. Nobody but AWS can put events of an `aws.` source, so a role there cannot make one up.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html

locals {
  forwarding_statement = length(var.forwarding_roles) == 0 ? null : {
    Sid       = "${replace(var.name, "-", "")}AlarmsAndFindingsOfOtherAccounts"
    Effect    = "Allow"
    Principal = { AWS = sort(distinct([for arn in var.forwarding_roles : "arn:${local.partition}:iam::${split(":", arn)[4]}:root"])) }
    Action    = "events:PutEvents"
    Resource  = "arn:${local.partition}:events:${local.region}:${local.account_id}:event-bus/default"
    Condition = {
      ArnEquals = { "aws:PrincipalArn" = sort(var.forwarding_roles) }
      "ForAllValues:StringEquals" = {
        "events:source"      = ["aws.cloudwatch", "aws.guardduty"]
        "events:detail-type" = ["CloudWatch Alarm State Change", "GuardDuty Finding"]
      }
    }
  }
}

resource "aws_cloudwatch_event_bus_policy" "forwarding" {
  count = local.forwarding_statement == null ? 0 : 1

  event_bus_name = "default"
  policy         = jsonencode({ Version = "2012-10-17", Statement = [local.forwarding_statement] })
}
