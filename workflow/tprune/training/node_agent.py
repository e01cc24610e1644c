"""`python -m tprune.training.node_agent NODES PROCESSES HOST:PORT ARGUMENTS`: torchrun on one of the nodes.

It meets the others' at HOST:PORT, the launcher's store (launcher.py).
"""

import os
import socket
import sys

import psutil

from tprune.training.agent import run_agent


def local_address(target: str, port: int) -> str:
    """This machine's address on the network by which it reaches `target`; nothing is sent."""
    family, kind, protocol, _, address = socket.getaddrinfo(target, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.connect(address)
        return str(probe.getsockname()[0])


def interface_of(address: str) -> str | None:
    """The name of this machine's network interface with `address`; None where none has it."""
    for name, addresses in psutil.net_if_addrs().items():
        if any(each.address == address for each in addresses):
            return name
    return None


def main(arguments: list[str]) -> None:
    """Run fairseq-train with `arguments[3:]` in this node's processes, to the end."""
    nodes, processes, endpoint = arguments[:3]
    target, port = endpoint.rsplit(":", 1)
    address = local_address(target, int(port))
    # Gloo would look this machine's name up, which may lead to an address that others cannot reach.
    if interface := interface_of(address):
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
    options = ["--nnodes", nodes, "--nproc-per-node", processes, "--local-addr", address]
    options += ["--rdzv-backend", "c10d", "--rdzv-endpoint", endpoint, "--rdzv-id", endpoint]
    options += ["--rdzv-conf", "is_host=0"]
    run_agent(options, int(nodes) * int(processes), arguments[3:])


if __name__ == "__main__":
    main(sys.argv[1:])
