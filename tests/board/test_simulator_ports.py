"""Ports that programs choose at the same time."""

import socket
import subprocess
import sys

from tools.runtime import ROOT
from tools.simulator.ports import free_port

CHOOSE = """
import sys
from tools.simulator.ports import free_port
sys.stdin.readline()
print(free_port(int(sys.argv[1])), free_port(), flush=True)
sys.stdin.readline()
"""


def test_who_chooses_at_once_chooses_differently():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        usual = probe.getsockname()[1]
    many = [subprocess.Popen([sys.executable, "-c", CHOOSE, str(usual)], cwd=ROOT, text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(8)]
    try:
        for one in many:
            one.stdin.write("\n")
            one.stdin.flush()
        chosen = [int(port) for one in many for port in one.stdout.readline().split()]
        assert len(set(chosen)) == len(chosen) == 16
        assert usual in chosen
        assert free_port(usual) != usual
    finally:
        for one in many:
            one.communicate("\n", 20)
    assert free_port(usual) == usual  # who had it has ended


def test_a_port_where_somebody_listens_is_not_chosen():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert free_port(server.getsockname()[1]) != server.getsockname()[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert free_port(port, socket.SOCK_DGRAM) != port
        assert free_port(port) == port  # of TCP
