# One page for the people who run Day2. Functions, targets and tasks are found by search, so that a new one is there by itself.

locals {
  dashboard_logs = join(" | ", [for name in sort(keys(local.functions)) : "SOURCE '/aws/lambda/${var.name}-${name}'"])

  # Two deployments of one account share the namespace: their targets tell them apart.
  dashboard_search = {
    for metric in ["Heartbeat", "Failed", "Unknown", "Applied", "Refused", "ActionFailed", "NotVerified", "DurationMs"] :
    metric => "{Day2,function,target,task} MetricName=\"${metric}\""
  }

  dashboard_widgets = [
    {
      type = "text", x = 0, y = 0, width = 24, height = 2
      properties = {
        markdown = "# ${var.name}\nReports: bucket `${local.report_bucket}`. Alarms about ${var.name} itself notify `${local.operations_topic_arn}`. A line that ends is a function that is silent: the watchdog's report says which is missing."
      }
    },
    {
      type = "metric", x = 0, y = 2, width = 12, height = 7
      properties = {
        title   = "Reports per hour (heartbeats)", region = local.region, view = "timeSeries", stacked = true, period = 3600
        metrics = [[{ expression = "SEARCH('${local.dashboard_search["Heartbeat"]}', 'SampleCount', 3600)", label = "" }]]
      }
    },
    {
      type = "log", x = 12, y = 2, width = 12, height = 7
      properties = {
        title = "Last heartbeat, the oldest first", region = local.region, view = "table"
        query = "${local.dashboard_logs} | filter message = \"report published\" | stats max(@timestamp) as last, latest(status) as verdict, count(*) as reports by function, task, target_name | sort last asc"
      }
    },
    {
      type = "metric", x = 0, y = 9, width = 12, height = 7
      properties = {
        title   = "Checks that failed, by the newest report", region = local.region, view = "timeSeries", stacked = false, period = 300
        metrics = [[{ expression = "SEARCH('${local.dashboard_search["Failed"]}', 'Maximum', 300)", label = "" }]]
      }
    },
    {
      type = "metric", x = 12, y = 9, width = 12, height = 7
      properties = {
        title   = "Checks that could not be judged (UNKNOWN)", region = local.region, view = "timeSeries", stacked = false, period = 300
        metrics = [[{ expression = "SEARCH('${local.dashboard_search["Unknown"]}', 'Maximum', 300)", label = "" }]]
      }
    },
    {
      type = "metric", x = 0, y = 16, width = 12, height = 7
      properties = {
        title = "Actions: applied, refused, failed, not verified", region = local.region, view = "timeSeries", stacked = false, period = 300
        metrics = [
          for metric in ["Applied", "Refused", "ActionFailed", "NotVerified"] :
          [{ expression = "SEARCH('${local.dashboard_search[metric]}', 'Maximum', 300)", label = "${metric} " }]
        ]
      }
    },
    {
      type = "log", x = 12, y = 16, width = 12, height = 7
      properties = {
        title = "Changes made and taken back; what is in force stands in the sweeper's report (LSW-003)", region = local.region, view = "table"
        query = "${local.dashboard_logs} | filter message = \"report published\" and outcome in [\"applied\", \"reverted\", \"failed\"] | display @timestamp, function, target_name, outcome, page | sort @timestamp desc | limit 50"
      }
    },
    {
      type = "metric", x = 0, y = 23, width = 12, height = 7
      properties = {
        title = "Errors and throttles", region = local.region, view = "timeSeries", stacked = false, period = 300, stat = "Sum"
        metrics = [
          for pair in setproduct(sort(keys(local.functions)), ["Errors", "Throttles"]) : ["AWS/Lambda", pair[1], "FunctionName", "${var.name}-${pair[0]}"]
        ]
      }
    },
    {
      type = "metric", x = 12, y = 23, width = 12, height = 7
      properties = {
        title   = "Events that were given up (queue of failures)", region = local.region, view = "timeSeries", stacked = false, period = 300, stat = "Maximum"
        metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-failures"]]
      }
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.operations.dashboard && length(local.functions) > 0 ? 1 : 0

  dashboard_name = var.name
  dashboard_body = jsonencode({ start = "-P7D", periodOverride = "inherit", widgets = local.dashboard_widgets })
}
