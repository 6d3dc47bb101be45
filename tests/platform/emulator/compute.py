"""EC2: free addresses, the state of a NAT gateway and spot instances, none of which an API call can set.

MiniStack counts 251 free addresses in a subnet of any size, and no NAT gateway ever fails.
"""

import ipaddress
import re

from emulator import replace
from emulator.control import Refused, endpoint

# AWS keeps the first four addresses of a subnet and the last (VPC user guide, "Subnet sizing").
RESERVED_ADDRESSES = 5


def install():
    from ministack.services import ec2

    replace.action(ec2._ACTION_MAP, "CreateSubnet", _with_real_size)
    replace.action(ec2._ACTION_MAP, "DescribeNatGateways", _with_failures)
    replace.function(ec2, "_instance_xml", _with_lifecycle)


def _with_real_size(create):
    def create_subnet(params):
        from ministack.services import ec2

        status, headers, body = create(params)
        if found := re.search(rb"<subnetId>([^<]+)</subnetId>", body):
            subnet = ec2._subnets[found.group(1).decode()]
            free = ipaddress.ip_network(subnet["CidrBlock"]).num_addresses - RESERVED_ADDRESSES
            subnet["AvailableIpAddressCount"] = free
            count = b"<availableIpAddressCount>%d</availableIpAddressCount>" % free
            body = re.sub(rb"<availableIpAddressCount>\d+</availableIpAddressCount>", count, body)
        return status, headers, body

    return create_subnet


def _with_failures(describe):
    def describe_nat_gateways(params):
        from ministack.services import ec2

        status, headers, body = describe(params)
        for gateway in ec2._nat_gateways.values():
            if failure := gateway.get("Failure"):
                name = f"<natGatewayId>{gateway['NatGatewayId']}</natGatewayId>"
                code, message = (ec2._esc(failure[key]) for key in ("code", "message"))
                told = f"{name}<failureCode>{code}</failureCode><failureMessage>{message}</failureMessage>"
                body = body.replace(name.encode(), told.encode())
        return status, headers, body

    return describe_nat_gateways


def _with_lifecycle(render):
    """`instanceLifecycle` is present for spot instances only, as on AWS."""

    def instance_xml(instance):
        xml = render(instance)
        if lifecycle := instance.get("InstanceLifecycle"):
            xml = xml.replace("<architecture>", f"<instanceLifecycle>{lifecycle}</instanceLifecycle><architecture>", 1)
        return xml

    return instance_xml


@endpoint("subnets")
def subnet(request):
    """`subnet_id`, `available_ip_address_count`."""
    from ministack.services import ec2

    found = ec2._subnets.get(request["subnet_id"])
    if found is None:
        raise Refused(f"no subnet {request['subnet_id']}")
    found["AvailableIpAddressCount"] = int(request["available_ip_address_count"])
    return {}


@endpoint("nat-gateways")
def nat_gateway(request):
    """`nat_gateway_id`, `state` (pending, failed, available, deleting, deleted); for failed `code`, `message`."""
    from ministack.services import ec2

    gateway = ec2._nat_gateways.get(request["nat_gateway_id"])
    if gateway is None:
        raise Refused(f"no NAT gateway {request['nat_gateway_id']}")
    if request["state"] not in ("pending", "failed", "available", "deleting", "deleted"):
        raise Refused(f"no state {request['state']}")
    gateway["State"] = request["state"]
    gateway["Failure"] = None
    if request["state"] == "failed":
        gateway["Failure"] = {
            "code": request.get("code", "InternalError"),
            "message": request.get("message", "Network interface could not be created"),
        }
    return {}
