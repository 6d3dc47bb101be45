"""EC2: machine images in any state, and the architecture of an instance type.

MiniStack has four images that are always there, answers an id that it does not know with an empty list, and calls
every instance type x86_64.
"""

import re

from emulator import replace
from emulator.control import Refused, endpoint

# Values of `ImageState` and `ArchitectureValues` in the EC2 API reference.
STATES = ("pending", "available", "invalid", "deregistered", "transient", "failed", "error", "disabled")
ARCHITECTURES = ("i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac")
# A processor of AWS is a g after the generation (EC2 user guide, "Instance type naming conventions").
GRAVITON = re.compile(r"^(a1|[a-z]+\d+[a-z]*g[a-z]*)\.")
INSTANCE_TYPE = re.compile(r"^[a-z][a-z0-9-]*\d[a-z0-9-]*\.[a-z0-9-]+$")

_placed = {}


def install():
    from ministack.services import ec2

    replace.action(ec2._ACTION_MAP, "DescribeImages", _with_placed)
    replace.action(ec2._ACTION_MAP, "DescribeInstanceTypes", _by_name)
    replace.function(ec2, "reset", _also_clearing)


def _also_clearing(reset):
    def reset_all():
        _placed.clear()
        reset()

    return reset_all


def _with_placed(describe):
    """Placed images by their ids; an id that nobody has is an error, as on AWS."""

    def describe_images(params):
        from ministack.services import ec2

        wanted = ec2._parse_member_list(params, "ImageId")
        if not any(name in _placed for name in wanted):
            status, headers, body = describe(params)
            missing = [name for name in wanted if f"<imageId>{name}</imageId>".encode() not in body]
            return _missing(missing) if missing else (status, headers, body)
        if missing := [name for name in wanted if name not in _placed]:
            return _missing(missing)
        disabled = ec2._p(params, "IncludeDisabled") == "true"
        seen = [_placed[name] for name in wanted]
        items = "".join(_xml(image) for image in seen if disabled or image["state"] != "disabled")
        return ec2._xml(200, "DescribeImagesResponse", f"<imagesSet>{items}</imagesSet>")

    return describe_images


def _missing(names):
    from ministack.services import ec2

    return ec2._error("InvalidAMIID.NotFound", f"The image id '[{', '.join(names)}]' does not exist", 400)


def _xml(image):
    from ministack.core.responses import get_account_id

    deprecated = f"<deprecationTime>{image['deprecation_time']}</deprecationTime>" if image["deprecation_time"] else ""
    return f"""<item>
        <imageId>{image['image_id']}</imageId>
        <imageLocation>{get_account_id()}/{image['image_id']}</imageLocation>
        <imageState>{image['state']}</imageState>
        <imageOwnerId>{get_account_id()}</imageOwnerId>
        <isPublic>false</isPublic>
        <architecture>{image['architecture']}</architecture>
        <imageType>machine</imageType>
        <name>{image['image_id']}</name>
        <rootDeviceType>ebs</rootDeviceType>
        <rootDeviceName>/dev/xvda</rootDeviceName>
        <virtualizationType>hvm</virtualizationType>
        <hypervisor>xen</hypervisor>
        {deprecated}
    </item>"""


def _by_name(describe):
    """The types of the list or of the filter `instance-type`, with the architecture that their names tell."""

    def describe_instance_types(params):
        from ministack.services import ec2

        listed = ec2._parse_member_list(params, "InstanceType")
        filtered = ec2._parse_filters(params).get("instance-type")
        if not listed and filtered is None:
            return describe(params)
        if unknown := [name for name in listed if not INSTANCE_TYPE.match(name)]:
            return ec2._error("InvalidInstanceType", f"The following supplied instance types do not exist: {unknown}", 400)
        items = ""
        for name in listed or [name for name in filtered if INSTANCE_TYPE.match(name)]:
            body = describe({"InstanceType.1": name})[2].decode()
            item = re.search(r"<instanceTypeSet>(.*)</instanceTypeSet>", body, re.DOTALL).group(1)
            if GRAVITON.match(name):
                item = item.replace("<item>x86_64</item>", "<item>arm64</item>")
            items += item
        return ec2._xml(200, "DescribeInstanceTypesResponse", f"<instanceTypeSet>{items}</instanceTypeSet>")

    return describe_instance_types


@endpoint("images")
def image(request):
    """`image_id`, `architecture`; optional `state` (available), `deprecation_time` (ISO 8601)."""
    placed = {
        "image_id": request["image_id"],
        "architecture": request["architecture"],
        "state": request.get("state") or "available",
        "deprecation_time": request.get("deprecation_time"),
    }
    if placed["state"] not in STATES or placed["architecture"] not in ARCHITECTURES:
        raise Refused(f"no such state or architecture: {placed['state']}, {placed['architecture']}")
    _placed[placed["image_id"]] = placed
    return {}


@endpoint("images/forget")
def forget(request):
    """`image_id`: deregistered, and nobody knows it any more."""
    if _placed.pop(request["image_id"], None) is None:
        raise Refused(f"no image {request['image_id']}")
    return {}
