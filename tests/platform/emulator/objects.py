"""S3: the answer of `PutObject` carries the checksum that S3 computed, which MiniStack keeps to itself; and policies see
what a write says of its key and of what may be there already.

It is how a writer that may not read knows that its evidence arrived (S3 API reference, PutObject, "Response
Elements"). The condition keys are those of the Service Authorization Reference, "Condition keys for Amazon S3":
`s3:if-none-match` and `s3:x-amz-server-side-encryption-aws-kms-key-id`; MiniStack knows neither, so that a bucket which
demands them would take no write at all.
"""

from emulator import replace


# Header of a PutObject → its condition key.
WRITE_KEYS = {
    "if-none-match": "s3:if-none-match",
    "x-amz-server-side-encryption-aws-kms-key-id": "s3:x-amz-server-side-encryption-aws-kms-key-id",
}


def install():
    from ministack.core import iam_actions
    from ministack.services import s3

    replace.function(s3, "_put_object", _with_checksums)
    replace.function(iam_actions, "_s3_object_context", _with_write_keys)


def _with_write_keys(known):
    def s3_object_context(iam_action, query_params, path, headers):
        context = known(iam_action, query_params, path, headers)
        if iam_action == "s3:PutObject":
            context |= {key: headers[header] for header, key in WRITE_KEYS.items() if headers.get(header)}
        return context

    return s3_object_context


def _with_checksums(put):
    def put_object(bucket, key, body, headers):
        from ministack.services import s3

        status, answer, content = put(bucket, key, body, headers)
        if status == 200:
            stored = s3._buckets[bucket]["objects"][key].get("checksums") or {}
            answer |= {f"x-amz-checksum-{algorithm.lower()}": value for algorithm, value in stored.items()}
            if stored:
                answer["x-amz-checksum-type"] = "FULL_OBJECT"
        return status, answer, content

    return put_object
