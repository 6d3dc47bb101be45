"""The tables of the CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data"."""

import unittest

from emulator import judgement
from emulator.judgement import Slot

BEGIN = 1_780_000_200
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
SIGNS = {"0": 1.0, "X": 9.0, "-": None}


def slots(pattern):
    """`0` is within the threshold, `X` beyond it, `-` missing; oldest first, as in the guide."""
    values = [SIGNS[sign] for sign in pattern.split()]
    return [Slot(BEGIN + 60 * index, value, 0.0 if value is None else 4.0) for index, value in enumerate(values)]


def alarm(**more):
    return {"EvaluationPeriods": 3, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold", "Period": 60,
            "Statistic": "Maximum"} | more


def judged(pattern, **more):
    given = slots(pattern)
    return judgement.judge(alarm(**more), given, BEGIN + 60 * len(given) + 8.431)


class MissingData(unittest.TestCase):
    def assert_table(self, table, **more):
        for pattern, expected in table.items():
            for treatment, state in zip(TREATMENTS, expected.split()):
                said = judged(pattern, TreatMissingData=treatment, **more).state or "KEPT"
                self.assertEqual(said, state, f"{pattern} with {treatment}")

    def test_three_of_three(self):
        self.assert_table({
            "0 - X - X": "OK OK OK OK",
            "0 - - - -": "OK OK OK OK",
            "- - - - -": "INSUFFICIENT_DATA KEPT ALARM OK",
            "0 X X - X": "ALARM ALARM ALARM ALARM",
            "- - X - -": "ALARM KEPT ALARM OK",
        })

    def test_two_of_three(self):
        self.assert_table({
            "0 - X - X": "ALARM ALARM ALARM ALARM",
            "0 0 X 0 X": "ALARM ALARM ALARM ALARM",
            "0 - X - -": "OK OK ALARM OK",
            "- - - - 0": "OK OK ALARM OK",
            "- - - X -": "ALARM KEPT ALARM OK",
        }, DatapointsToAlarm=2)

    def test_one_breach_at_the_end_is_no_alarm_yet(self):
        self.assertEqual(judged("- - - - X").state, "OK")
        self.assertEqual(judged("- - - X -").state, "OK")

    def test_one_period_of_one_needs_one_datapoint(self):
        self.assertEqual(judged("- - X", EvaluationPeriods=1).state, "ALARM")
        self.assertEqual(judged("X - -", EvaluationPeriods=1).state, "ALARM")
        self.assertEqual(judged("- - -", EvaluationPeriods=1).state, "INSUFFICIENT_DATA")


class Operators(unittest.TestCase):
    def test_the_threshold_itself_breaches_where_the_operator_says_so(self):
        for operator, state in (("GreaterThanThreshold", "OK"), ("GreaterThanOrEqualToThreshold", "ALARM"),
                                ("LessThanThreshold", "OK"), ("LessThanOrEqualToThreshold", "ALARM")):
            said = judged("X X X", ComparisonOperator=operator, Threshold=9.0)
            self.assertEqual(said.state, state, operator)
        self.assertEqual(judged("0 0 0", ComparisonOperator="LessThanThreshold").state, "ALARM")


class Percentiles(unittest.TestCase):
    def test_few_samples_leave_the_state_only_when_the_alarm_says_so(self):
        wanted = {"ExtendedStatistic": "p95"}
        self.assertEqual(judged("X X X", **wanted).state, "ALARM")
        few = judged("X X X", EvaluateLowSampleCountPercentile="ignore", **wanted)
        self.assertIsNone(few.state)  # 12 samples where 200 are asked for
        many = [Slot(BEGIN + 60 * index, 9.0, 70.0) for index in range(3)]
        said = judgement.judge(alarm(EvaluateLowSampleCountPercentile="ignore", **wanted), many, BEGIN + 200)
        self.assertEqual((said.state, said.data["statistic"]), ("ALARM", "p95"))


class Words(unittest.TestCase):
    def test_an_alarm_is_explained_by_its_breaching_datapoints_the_newest_first(self):
        said = judged("0 0 X X X")
        self.assertEqual(said.reason, "Threshold Crossed: 3 out of the last 3 datapoints [9.0 (28/05/26 20:34:00), 9.0 "
                         "(28/05/26 20:33:00), 9.0 (28/05/26 20:32:00)] were greater than the threshold (5.0) (minimum 3 "
                         "datapoints for OK -> ALARM transition).")
        self.assertEqual(said.data["recentDatapoints"], [9.0, 9.0, 9.0])
        self.assertEqual(said.data["startDate"], "2026-05-28T20:32:00.000+0000")
        self.assertEqual(said.data["queryDate"], "2026-05-28T20:35:08.431+0000")
        newest = {"timestamp": "2026-05-28T20:34:00.000+0000", "sampleCount": 4.0, "value": 9.0}
        self.assertEqual(said.data["evaluatedDatapoints"][0], newest)

    def test_the_way_back_is_explained_by_what_does_not_breach(self):
        self.assertEqual(judged("X X X X 0").reason, "Threshold Crossed: 1 out of the last 3 datapoints [1.0 (28/05/26 "
                         "20:34:00)] was not greater than the threshold (5.0) (minimum 1 datapoint for ALARM -> OK "
                         "transition).")

    def test_missing_datapoints_are_named(self):
        self.assertEqual(judged("- - - - -", TreatMissingData="breaching").reason, "Threshold Crossed: no datapoints were "
                         "received for 3 periods and 3 missing datapoints were treated as [Breaching].")
        nothing = judged("- - - - -")
        self.assertEqual(nothing.reason, "Insufficient Data: 3 datapoints were unknown.")
        self.assertNotIn("startDate", nothing.data)
        self.assertEqual(nothing.data["evaluatedDatapoints"][0], {"timestamp": "2026-05-28T20:34:00.000+0000"})


if __name__ == "__main__":
    unittest.main()
