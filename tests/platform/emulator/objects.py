"""S3: the answer of `PutObject` carries the checksum that S3 computed, which MiniStack keeps to itself.

It is how a writer that may not read knows that its evidence arrived (S3 API reference, PutObject, "Response
Elements").
"""

from emulator import replace


def install():
    from ministack.services import s3

    replace.function(s3, "_put_object", _with_checksums)


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
