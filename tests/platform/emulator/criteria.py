"""Which findings a caller asked for: the criteria of GuardDuty and the filters of Security Hub. Pure.

GuardDuty API reference, ListFindings and Condition; Security Hub API reference, AwsSecurityFindingFilters and
StringFilter. What is not known here raises `Unknown`: a filter that is passed over would answer too much.
"""

from datetime import datetime, timedelta

from emulator.documents import values_at


class Unknown(Exception):
    """A field, a comparison or a value that is not known here."""


LONG = {"eq": "equals", "neq": "notEquals", "gt": "greaterThan", "gte": "greaterThanOrEqual", "lt": "lessThan",
        "lte": "lessThanOrEqual"}
TIMES = ("updatedAt", "createdAt", "service.eventFirstSeen", "service.eventLastSeen")


def meets(finding, criterion):
    """Whether a GuardDuty finding meets every condition: field → condition."""
    return all(_condition(finding, field, condition) for field, condition in criterion.items())


def _condition(finding, field, condition):
    seen = [_comparable(field, value) for value in values_at(finding, field)]
    return all(_holds(field, LONG.get(name, name), wanted, seen) for name, wanted in condition.items() if wanted is not None)


def _holds(field, comparison, wanted, seen):
    if comparison == "equals":
        return any(value == _comparable(field, one) for one in wanted for value in seen)
    if comparison == "notEquals":
        return not any(value == _comparable(field, one) for one in wanted for value in seen)
    numbers = [value for value in seen if isinstance(value, (int, float))]
    if comparison == "greaterThan":
        return any(value > wanted for value in numbers)
    if comparison == "greaterThanOrEqual":
        return any(value >= wanted for value in numbers)
    if comparison == "lessThan":
        return any(value < wanted for value in numbers)
    if comparison == "lessThanOrEqual":
        return any(value <= wanted for value in numbers)
    raise Unknown(f"the condition {comparison} of {field}")


def _comparable(field, value):
    """Times in milliseconds, truth as its word, numbers as numbers."""
    if field in TIMES:
        return milliseconds(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if field == "severity":
        return float(value)
    return value


def milliseconds(value):
    """Epoch milliseconds of an ISO 8601 text or of a number that is milliseconds already."""
    try:
        return int(value)
    except ValueError:
        return int(datetime.fromisoformat(value).timestamp() * 1000)


# Name of a filter → path in an ASFF finding.
STRINGS = {
    "ProductArn": "ProductArn", "AwsAccountId": "AwsAccountId", "Id": "Id", "GeneratorId": "GeneratorId",
    "Region": "Region", "Type": "Types", "SeverityLabel": "Severity.Label", "Title": "Title",
    "ProductName": "ProductName", "CompanyName": "CompanyName", "ResourceType": "Resources.Type",
    "ResourceId": "Resources.Id", "WorkflowStatus": "Workflow.Status", "RecordState": "RecordState",
    "ComplianceStatus": "Compliance.Status",
}
DATES = {"UpdatedAt": "UpdatedAt", "CreatedAt": "CreatedAt"}


def passes(finding, filters, now):
    """Whether an ASFF finding passes every filter: name → list of alternatives. `now` is a date with a zone."""
    for name, alternatives in filters.items():
        if name in STRINGS:
            kept = _strings(values_at(finding, STRINGS[name]), name, alternatives)
        elif name in DATES:
            kept = any(_within(value, one, now) for value in values_at(finding, DATES[name]) for one in alternatives)
        else:
            raise Unknown(f"the filter {name}")
        if not kept:
            return False
    return True


def _strings(seen, name, alternatives):
    """Positive comparisons are joined by OR, negative ones by AND."""
    positive, negative = [], []
    for one in alternatives:
        comparison, wanted = one.get("Comparison"), one.get("Value", "")
        if comparison == "EQUALS":
            positive.append(wanted in seen)
        elif comparison == "PREFIX":
            positive.append(any(value.startswith(wanted) for value in seen))
        elif comparison == "CONTAINS":
            positive.append(any(wanted in value for value in seen))
        elif comparison == "NOT_EQUALS":
            negative.append(wanted not in seen)
        elif comparison == "PREFIX_NOT_EQUALS":
            negative.append(not any(value.startswith(wanted) for value in seen))
        elif comparison == "NOT_CONTAINS":
            negative.append(not any(wanted in value for value in seen))
        else:
            raise Unknown(f"the comparison {comparison} of {name}")
    return all(negative) and (any(positive) if positive else True)


def _within(value, span, now):
    at = datetime.fromisoformat(value)
    if wanted := span.get("DateRange"):
        if wanted.get("Unit") != "DAYS":
            raise Unknown(f"the unit {wanted.get('Unit')}")
        return at >= now - timedelta(days=wanted["Value"])
    begin, end = span.get("Start"), span.get("End")
    return (not begin or at >= datetime.fromisoformat(begin)) and (not end or at <= datetime.fromisoformat(end))
