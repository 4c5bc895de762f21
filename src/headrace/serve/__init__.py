"""The doors of a node: HTTP for people and programs, and the streams that keep what they show up to date."""

from __future__ import annotations

from headrace.serve.app import app
from headrace.serve.encode import to_arrow, to_csv, to_json, to_parquet
from headrace.serve.limits import Limits
from headrace.serve.logs import configure as configure_logs
from headrace.serve.protocol import Answer, EpochResult, Node, OnStart, Question, Stop
from headrace.serve.server import Server
from headrace.serve.sockets import Sockets, bind, socket_path

__all__ = [
    "Answer",
    "EpochResult",
    "Limits",
    "Node",
    "OnStart",
    "Question",
    "Server",
    "Sockets",
    "Stop",
    "app",
    "bind",
    "configure_logs",
    "socket_path",
    "to_arrow",
    "to_csv",
    "to_json",
    "to_parquet",
]
