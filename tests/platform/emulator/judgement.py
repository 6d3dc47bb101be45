"""What state the datapoints of an alarm put it in, and in which words CloudWatch says so. Pure.

CloudWatch user guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data".
"""

from dataclasses import dataclass
from datetime import datetime, timezone

# How many periods before the evaluation periods may stand in for missing ones: the guide's tables read five
# datapoints for an alarm on three.
SPARE_PERIODS = 2

OPERATORS = {
    "GreaterThanOrEqualToThreshold": ("greater than or equal to", lambda value, threshold: value >= threshold),
    "GreaterThanThreshold": ("greater than", lambda value, threshold: value > threshold),
    "LessThanThreshold": ("less than", lambda value, threshold: value < threshold),
    "LessThanOrEqualToThreshold": ("less than or equal to", lambda value, threshold: value <= threshold),
}
TREATED_AS = {"breaching": "[Breaching]", "notBreaching": "[NonBreaching]"}


@dataclass(frozen=True)
class Slot:
    """One period: its begin in epoch seconds, its value (None when missing) and how many samples made it."""

    begin: float
    value: float | None = None
    samples: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """The state, the reason and the reason data (a dictionary). No state: the alarm keeps the one it has."""

    state: str | None
    reason: str = ""
    data: dict | None = None


KEPT = Verdict(None)


def judge(alarm, slots, now):
    """The verdict on `slots`, the evaluation range of `alarm`, oldest first."""
    periods = evaluation_periods(alarm)
    needed = int(alarm.get("DatapointsToAlarm") or periods)
    treatment = alarm.get("TreatMissingData") or "missing"
    used = _used(slots, periods)
    real = [slot for slot in used if slot.value is not None]
    if too_few_samples(alarm, real):
        return KEPT
    breaching = [slot for slot in real if _breaches(alarm, slot.value)]
    missing = periods - len(real)
    data = _data(alarm, used, real, now)

    def said(state):
        return Verdict(state, _reason(alarm, state, real, breaching, missing, needed), data)

    if missing <= 0 or len(breaching) >= needed:
        return said("ALARM" if len(breaching) >= needed else "OK")
    if treatment == "breaching":
        return said("ALARM" if len(breaching) + missing >= needed else "OK")
    if treatment == "notBreaching":
        return said("OK")
    all_breaching = len(breaching) == len(real)
    if treatment == "ignore":
        return KEPT if all_breaching else said("OK")
    if not real:
        return Verdict("INSUFFICIENT_DATA", f"Insufficient Data: {_counted(missing, 'datapoint')} unknown.", data)
    # The guide's "premature alarm state": nothing but missing datapoints follows an old breach.
    early = all_breaching and len(slots) - slots.index(breaching[0]) >= needed
    return said("ALARM" if early else "OK")


def evaluation_periods(alarm):
    return int(alarm.get("EvaluationPeriods") or 1)


def too_few_samples(alarm, real):
    """Whether a percentile has too few samples and the alarm says to ignore it then (user guide, "Percentile-based
    alarms and low data samples")."""
    statistic = alarm.get("ExtendedStatistic") or ""
    if alarm.get("EvaluateLowSampleCountPercentile") != "ignore" or not real or not statistic.startswith("p"):
        return False
    share = float(statistic[1:]) / 100
    rarer = min(share, 1 - share)
    return rarer > 0 and sum(slot.samples for slot in real) < 10 / rarer


def _used(slots, periods):
    """The newest slots that hold as many values as there are evaluation periods, or all of them."""
    for start in range(len(slots) - periods, -1, -1):
        if sum(slot.value is not None for slot in slots[start:]) >= periods:
            return slots[start:]
    return slots


def _breaches(alarm, value):
    operator = OPERATORS.get(alarm.get("ComparisonOperator"))
    return operator is not None and operator[1](value, float(alarm.get("Threshold") or 0))


def _reason(alarm, state, real, breaching, missing, needed):
    treated = TREATED_AS.get(alarm.get("TreatMissingData"))
    filled = f"{missing} missing datapoint{'s were' if missing > 1 else ' was'} treated as {treated}."
    if not real:
        periods = f"{missing} period{'s' if missing > 1 else ''}"
        return f"Threshold Crossed: no datapoints were received for {periods} and {filled}"
    told = breaching if state == "ALARM" and breaching else [slot for slot in real if slot not in breaching] or real
    values = ", ".join(f"{slot.value} ({_day(slot.begin)})" for slot in reversed(told))
    words = OPERATORS[alarm["ComparisonOperator"]][0] if alarm.get("ComparisonOperator") in OPERATORS else "?"
    is_or_not = ("was " if len(told) == 1 else "were ") + ("" if told[0] in breaching else "not ")
    against = f"{is_or_not}{words} the threshold ({float(alarm.get('Threshold') or 0)})"
    if missing > 0 and treated:
        return f"Threshold Crossed: {_plural(len(told))} [{values}] {against} and {filled}"
    periods = evaluation_periods(alarm)
    least, arrow = (needed, "OK -> ALARM") if state == "ALARM" else (periods - needed + 1, "ALARM -> OK")
    return (f"Threshold Crossed: {len(told)} out of the last {min(periods, len(real))} datapoints [{values}] {against} "
            f"(minimum {_plural(least)} for {arrow} transition).")


def _data(alarm, used, real, now):
    """`StateReasonData` as CloudWatch writes it; it has no `startDate` where no datapoint was seen."""
    data = {"version": "1.0", "queryDate": stamp(now)}
    if real:
        data["startDate"] = stamp(real[0].begin)
    if alarm.get("Unit"):
        data["unit"] = alarm["Unit"]
    data |= {
        "statistic": alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average"),
        "period": int(alarm.get("Period") or 60),
        "recentDatapoints": [slot.value for slot in real],
        "threshold": float(alarm.get("Threshold") or 0),
        "evaluatedDatapoints": [_evaluated(slot) for slot in reversed(used)],
    }
    return data


def _evaluated(slot):
    seen = {} if slot.value is None else {"sampleCount": slot.samples, "value": slot.value}
    return {"timestamp": stamp(slot.begin)} | seen


def stamp(seconds):
    """`2026-06-02T11:53:08.431+0000`, as CloudWatch writes times into texts."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def _day(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%d/%m/%y %H:%M:%S")


def _plural(count):
    return f"{count} datapoint{'' if count == 1 else 's'}"


def _counted(count, noun):
    return f"{count} {noun}{' was' if count == 1 else 's were'}"
