# The other two ways of an alarm to the function: a topic that it already notifies, and an action of its own. Whichever way,
# and however many of them, the function takes one change of state for one occasion.

# A message that SNS could not hand over is kept with the others. Its own retries reach over hours; the function itself
# judges how old a change of state may be.
# https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
resource "aws_sns_topic_subscription" "alarms" {
  for_each = var.alarm_topic_arns

  topic_arn = each.key
  protocol  = "lambda"
  endpoint  = aws_lambda_function.this.arn

  # SNS keeps undelivered messages only in a queue of the subscription's own account and region.
  redrive_policy = startswith(each.key, "arn:${local.partition}:sns:${local.region}:${local.account_id}:") ? jsonencode({ deadLetterTargetArn = var.failure_queue_arn }) : null

  # A subscription that may not call the function yet would lose what is published in between.
  depends_on = [aws_lambda_permission.topics]
}

# The ARN of the topic names account and region, so it is the whole source condition.
resource "aws_lambda_permission" "topics" {
  for_each = var.alarm_topic_arns

  statement_id  = "Topic${substr(sha256(each.key), 0, 12)}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = each.key
}

# For an alarm whose owner adds the function as an action.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
resource "aws_lambda_permission" "alarms" {
  for_each = var.calling_alarm_arns

  statement_id   = "Alarm${substr(sha256(each.key), 0, 12)}"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this.function_name
  principal      = "lambda.alarms.cloudwatch.amazonaws.com"
  source_arn     = each.key
  source_account = split(":", each.key)[4]
}
