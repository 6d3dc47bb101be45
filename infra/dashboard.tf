# One page for the people who run Day2. Functions, targets and tasks are found by search, so that a new one is there by itself.

locals {
  dashboard_logs = join(" | ", [for name in sort(keys(local.functions)) : "SOURCE '/aws/lambda/${var.name}-${name}'"])

  # Two deployments of one account share the namespace: their targets tell them apart, but for foreign events, which have none.
  dashboard_search = {
    for metric in [
      "Heartbeat", "HeartbeatAgeSeconds", "Failed", "Unknown", "Applied", "Refused", "ActionFailed", "NotVerified",
      "LeasesInForce", "LeasesOverdue", "ForeignEvents",
    ] :
    metric => "{Day2,function,target,task} MetricName=\"${metric}\""
  }

  # Two to a row, in this order: runs and heartbeats, verdicts, actions, leases, Day2 itself. Metrics first, tables of the logs below.
  dashboard_graphs = [
    {
      title   = "Reports per hour (heartbeats)", stacked = true, period = 3600
      metrics = [[{ expression = "SEARCH('${local.dashboard_search["Heartbeat"]}', 'SampleCount', 3600)", label = "" }]]
    },
    {
      title   = "Age of the last heartbeat in seconds, as the watchdog sees it", stacked = false, period = 1800
      metrics = [[{ expression = "SEARCH('${local.dashboard_search["HeartbeatAgeSeconds"]}', 'Maximum', 1800)", label = "" }]]
    },
    {
      title   = "Checks that failed, by the newest report", stacked = false, period = 300
      metrics = [[{ expression = "SEARCH('${local.dashboard_search["Failed"]}', 'Maximum', 300)", label = "" }]]
    },
    {
      title   = "Checks that could not be judged (UNKNOWN)", stacked = false, period = 300
      metrics = [[{ expression = "SEARCH('${local.dashboard_search["Unknown"]}', 'Maximum', 300)", label = "" }]]
    },
    {
      title = "Actions: applied, refused, failed, not verified", stacked = false, period = 300
      metrics = [
        for metric in ["Applied", "Refused", "ActionFailed", "NotVerified"] :
        [{ expression = "SEARCH('${local.dashboard_search[metric]}', 'Maximum', 300)", label = "${metric} " }]
      ]
    },
    {
      title = "Leases: temporary changes and containments in force, and overdue", stacked = false, period = 300
      metrics = [
        for metric in ["LeasesInForce", "LeasesOverdue"] :
        [{ expression = "SEARCH('${local.dashboard_search[metric]}', 'Maximum', 300)", label = "${metric} " }]
      ]
    },
    {
      title   = "Events of foreign accounts, regions or clusters, refused", stacked = false, period = 300
      metrics = [[{ expression = "SEARCH('${local.dashboard_search["ForeignEvents"]}', 'Sum', 300)", label = "" }]]
    },
    {
      title   = "Events that were given up (queue of failures)", stacked = false, period = 300, stat = "Maximum"
      metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-failures"]]
    },
    {
      title = "Errors and throttles", stacked = false, period = 300, stat = "Sum"
      metrics = [
        for pair in setproduct(sort(keys(local.functions)), ["Errors", "Throttles"]) : ["AWS/Lambda", pair[1], "FunctionName", "${var.name}-${pair[0]}"]
      ]
    },
  ]

  dashboard_tables = [
    {
      title = "Last heartbeat, the oldest first"
      query = "${local.dashboard_logs} | filter message = \"report published\" | stats max(@timestamp) as last, latest(status) as verdict, count(*) as reports by function, task, target_name | sort last asc"
    },
    {
      title = "Changes made and taken back; what is in force stands in the sweeper's report (LSW-003)"
      query = "${local.dashboard_logs} | filter message = \"report published\" and outcome in [\"applied\", \"reverted\", \"failed\"] | display @timestamp, function, target_name, outcome, page | sort @timestamp desc | limit 50"
    },
  ]

  dashboard_head = {
    type = "text", x = 0, y = 0, width = 24, height = 2
    properties = {
      markdown = "# ${var.name}\nReports: bucket `${local.report_bucket}`. Alarms about ${var.name} itself notify `${local.operations_topic_arn}`. A line that ends is a function that is silent: the watchdog's report says which is missing."
    }
  }

  dashboard_below = concat(
    [for graph in local.dashboard_graphs : { type = "metric", properties = merge(graph, { region = local.region, view = "timeSeries" }) }],
    [for table in local.dashboard_tables : { type = "log", properties = merge(table, { region = local.region, view = "table" }) }],
  )

  dashboard_widgets = concat([local.dashboard_head], [
    for index, widget in local.dashboard_below : merge(widget, { x = index % 2 * 12, y = 2 + floor(index / 2) * 7, width = 12, height = 7 })
  ])
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.operations.dashboard && length(local.functions) > 0 ? 1 : 0

  dashboard_name = var.name
  dashboard_body = jsonencode({ start = "-P7D", periodOverride = "inherit", widgets = local.dashboard_widgets })
}
