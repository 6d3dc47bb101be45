"""SNS: a topic whose key cannot be used takes no message, in the words of the SNS API reference, Publish, "Errors"."""

from emulator import replace

# State of a key → error code of `Publish`, and what is said of the key.
REFUSALS = {"Disabled": ("KMSDisabled", "is disabled"), "PendingDeletion": ("KMSInvalidState", "is pending deletion")}


def install():
    from ministack.services import sns

    replace.function(sns, "_get_topic", _with_key)


def _with_key(get):
    def get_topic(topic_arn, action=None):
        topic, refused = get(topic_arn, action)
        if refused is None and action == "sns:Publish":
            refused = _refusal(topic["attributes"].get("KmsMasterKeyId"))
        return (topic, None) if refused is None else (None, refused)

    return get_topic


def _refusal(key_id):
    """The answer of a topic with this key, or None. One that is not known here, as the one that AWS manages, refuses nothing."""
    from ministack.services import kms, sns

    key = kms._resolve_key(key_id)
    if key is None or key["KeyState"] not in REFUSALS:
        return None
    code, state = REFUSALS[key["KeyState"]]
    return sns._error(code, f"{key['Arn']} {state}.", 400)
