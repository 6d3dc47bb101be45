#!/bin/bash
# daily-health-check.sh: the daily checklist of an operations guide for EKS, word for word as it is written there.

echo "=== Daily Health Check ==="
echo ""

# Check cluster status
echo "1. Cluster Status"
kubectl cluster-info
kubectl get nodes
echo ""

# Check pod health
echo "2. Pod Health (Non-Running Pods)"
kubectl get pods -A | grep -v Running | grep -v Completed
echo ""

# Check recent pod restarts
echo "3. Recent Restarts (last 24h)"
kubectl get pods -A -o json | jq -r '.items[] | select(.status.containerStatuses[]?.restartCount > 0) | "\(.metadata.namespace)/\(.metadata.name): \(.status.containerStatuses[0].restartCount) restarts"'
echo ""

# Check PVC status
echo "4. PVC Status"
kubectl get pvc -A | grep -v Bound
echo ""

# Check cert-manager certificates
echo "5. Certificate Status"
kubectl get certificates -A | grep -v True
echo ""

# Check HPA status
echo "6. HPA Status"
kubectl get hpa -A
echo ""

# Check recent events (errors/warnings)
echo "7. Recent Cluster Events (Last 30 minutes)"
kubectl get events -A --sort-by='.lastTimestamp' | tail -20
echo ""

echo "=== Health Check Complete ==="
