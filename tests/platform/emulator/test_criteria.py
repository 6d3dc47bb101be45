import unittest
from datetime import datetime, timezone

from emulator import criteria

NOW = datetime(2026, 6, 2, 12, tzinfo=timezone.utc)
FINDING = {"severity": 8, "updatedAt": "2026-06-02T11:54:03.731Z", "service": {"archived": False},
           "resource": {"instanceDetails": {"networkInterfaces": [{"publicIp": "192.0.2.1"}, {"publicIp": "192.0.2.2"}]}}}
ASFF = {"Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE", "Severity": {"Label": "HIGH"}, "Types": ["TTPs/a", "b"],
        "UpdatedAt": "2026-06-01T00:00:00Z"}


class Criteria(unittest.TestCase):
    def test_every_condition_must_hold(self):
        cases = (
            ({}, True),
            ({"service.archived": {"eq": ["false"]}}, True),
            ({"service.archived": {"equals": ["true"]}}, False),
            ({"service.archived": {"neq": ["true"]}}, True),
            ({"severity": {"gte": 8}}, True),
            ({"severity": {"greaterThan": 8}}, False),
            ({"severity": {"eq": ["8"]}}, True),
            ({"updatedAt": {"greaterThanOrEqual": 1780401243731}}, True),
            ({"updatedAt": {"greaterThanOrEqual": 1780401243732}}, False),
            ({"severity": {"gte": 7}, "service.archived": {"eq": ["true"]}}, False),
            ({"resource.instanceDetails.networkInterfaces.publicIp": {"eq": ["192.0.2.2"]}}, True),
            ({"resource.instanceDetails.networkInterfaces.publicIp": {"neq": ["192.0.2.2"]}}, False),
            ({"resource.absent": {"eq": ["x"]}}, False),
            ({"resource.absent": {"neq": ["x"]}}, True),
        )
        for criterion, kept in cases:
            self.assertEqual(criteria.meets(FINDING, criterion), kept, criterion)

    def test_what_is_not_known_is_not_passed_over(self):
        with self.assertRaises(criteria.Unknown):
            criteria.meets(FINDING, {"type": {"matches": ["x"]}})
        with self.assertRaises(criteria.Unknown):
            criteria.passes(ASFF, {"Keyword": []}, NOW)


class Filters(unittest.TestCase):
    def test_alternatives_are_joined_as_documented(self):
        def text(value, comparison="EQUALS"):
            return {"Value": value, "Comparison": comparison}

        cases = (
            ({"WorkflowStatus": [text("NEW"), text("NOTIFIED")]}, True),
            ({"WorkflowStatus": [text("RESOLVED")]}, False),
            ({"SeverityLabel": [text("CRITICAL"), text("HIGH")], "RecordState": [text("ARCHIVED")]}, False),
            ({"SeverityLabel": [text("LOW", "NOT_EQUALS"), text("HIGH", "NOT_EQUALS")]}, False),
            ({"SeverityLabel": [text("LOW", "NOT_EQUALS"), text("MEDIUM", "NOT_EQUALS")]}, True),
            ({"Type": [text("TTPs", "PREFIX")]}, True),
            ({"Type": [text("TTPs", "PREFIX_NOT_EQUALS")]}, False),
            ({"UpdatedAt": [{"DateRange": {"Value": 2, "Unit": "DAYS"}}]}, True),
            ({"UpdatedAt": [{"DateRange": {"Value": 1, "Unit": "DAYS"}}]}, False),
            ({"UpdatedAt": [{"Start": "2026-05-01T00:00:00Z", "End": "2026-05-02T00:00:00Z"}]}, False),
        )
        for filters, kept in cases:
            self.assertEqual(criteria.passes(ASFF, filters, NOW), kept, filters)


if __name__ == "__main__":
    unittest.main()
