#!/usr/bin/env bash
# The morning checklist before a scale-up (06:30), line by line as the guide has it, one command after another. Two lines
# differ: the database is asked for its status, because the guide's line starts a second server instead of connecting; and
# names come from variables instead of `terraform output`. Prints one line of JSON: every line's count, and go or no-go.
set -euo pipefail

# Version 1 of the CLI does not heed the variable for every service.
aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }

# 1. Check control plane health
control=$(kubectl get nodes -l node-group=control --no-headers | awk '$2 == "Ready"' | wc -l)
server=$(kubectl get pods -n coder -l app=coder-server --no-headers | awk '$3 == "Running"' | wc -l)

# 2. Verify database connectivity
database=$(aws rds describe-db-clusters --db-cluster-identifier "$CLUSTER" --query 'DBClusters[0].Status' --output text)

# 3. Check CloudWatch alarms
alarms=$(aws cloudwatch describe-alarms --state-value ALARM --query 'length(MetricAlarms)' --output text)

# 4. Verify NAT Gateway health (all 3 AZs)
gateways=$(aws ec2 describe-nat-gateways --filter "Name=state,Values=available" --query 'length(NatGateways)' --output text)

# 5. Check Auto Scaling Group desired capacity
desired=$(aws autoscaling describe-auto-scaling-groups \
  --auto-scaling-group-names "$CLUSTER-provisioner" "$CLUSTER-workspace" \
  --query 'AutoScalingGroups[*].DesiredCapacity' --output text | tr '\t' '\n' | sort -n | paste -sd ' ')

go=false
if [ "$control" = 3 ] && [ "$server" = 2 ] && [ "$database" = available ] && [ "$alarms" = 0 ] \
  && [ "$gateways" = 3 ] && [ "$desired" = "0 10" ]; then
  go=true
fi
printf '{"go":%s,"control":%s,"server":%s,"database":"%s","alarms":%s,"gateways":%s,"desired":"%s"}\n' \
  "$go" "$control" "$server" "$database" "$alarms" "$gateways" "$desired"
