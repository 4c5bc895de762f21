"""``scripts/cluster up | down | status``: what is kept in its cache folder survives ``down``, but not ``down --remove``.

``up --rest`` also starts a catalog behind Iceberg's REST interface, which no target of the examples needs.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence

from services import kafka, minio, nessie, postgres, spark
from services.process import Service, ServiceError, home

SERVICES = (kafka.service(), minio.service(), postgres.service(), *spark.services())
REST = nessie.service()


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/cluster", description=__doc__)
    parser.add_argument("do", choices=("up", "down", "status"))
    parser.add_argument("--remove", action="store_true", help="with down: also delete what the services hold")
    parser.add_argument("--rest", action="store_true", help="with up: also a catalog behind Iceberg's REST interface")
    given = parser.parse_args()
    services = (*SERVICES, REST) if given.rest or REST.is_up() else SERVICES
    try:
        {"up": up, "down": down, "status": status}[given.do](services)
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    if given.do == "down" and given.remove:
        for folder in (*(service.folder for service in services), home()):
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if given.do != "status" or all(service.is_up() for service in services) else 3


def up(services: Sequence[Service]) -> None:
    for service in services:
        if not service.is_up():
            print(f"starting {service.name} ...", flush=True)
            service.up()
    status(services)


def down(services: Sequence[Service]) -> None:
    for service in reversed(services):
        service.down()
        print(f"{service.name} is down")


def status(services: Sequence[Service]) -> None:
    for service in services:
        print(f"{service.name:16}{'up' if service.is_up() else 'down':6}{service.address:24}{service.folder}")


if __name__ == "__main__":
    sys.exit(main())
