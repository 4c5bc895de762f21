"""``scripts/cluster up | down | status``: what is kept in its cache folder survives ``down``, but not ``down --remove``."""

from __future__ import annotations

import argparse
import shutil
import sys

from services import kafka, minio, postgres, spark
from services.process import ServiceError, home

SERVICES = (kafka.service(), minio.service(), postgres.service(), *spark.services())


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/cluster", description=__doc__)
    parser.add_argument("do", choices=("up", "down", "status"))
    parser.add_argument("--remove", action="store_true", help="with down: also delete what the services hold")
    given = parser.parse_args()
    try:
        {"up": up, "down": down, "status": status}[given.do]()
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    if given.do == "down" and given.remove:
        for folder in (*(service.folder for service in SERVICES), home()):
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if given.do != "status" or all(service.is_up() for service in SERVICES) else 3


def up() -> None:
    for service in SERVICES:
        if not service.is_up():
            print(f"starting {service.name} ...", flush=True)
            service.up()
    status()


def down() -> None:
    for service in reversed(SERVICES):
        service.down()
        print(f"{service.name} is down")


def status() -> None:
    for service in SERVICES:
        print(f"{service.name:16}{'up' if service.is_up() else 'down':6}{service.address:24}{service.folder}")


if __name__ == "__main__":
    sys.exit(main())
