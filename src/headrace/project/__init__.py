"""What the user declares: sources, models, dashboards, reports, functions. Knows no runtime."""

from __future__ import annotations

from headrace.project.case import Case
from headrace.project.dashboard import Dashboard, Display, Tile
from headrace.project.domain import Domain, Product, parsed_version
from headrace.project.function import Argument, Function
from headrace.project.load import load
from headrace.project.model import Model
from headrace.project.policy import PersonalData, Policy, Promises
from headrace.project.problems import ProjectErrors
from headrace.project.project import LakeSettings, LogSettings, ParitySettings, Project, ServeSettings
from headrace.project.pysource import raised_at
from headrace.project.report import Parameter, Report, Section
from headrace.project.secret import Reference
from headrace.project.source import FileSource, KafkaSource, PushSource, ReplaySource, Source
from headrace.project.target import Catalog, KafkaLog, PostgresCatalog, RestCatalog, S3Lake, SparkCluster, Target

__all__ = [
    "Argument",
    "Case",
    "Catalog",
    "Dashboard",
    "Display",
    "Domain",
    "FileSource",
    "Function",
    "KafkaLog",
    "KafkaSource",
    "LakeSettings",
    "LogSettings",
    "Model",
    "Parameter",
    "ParitySettings",
    "PersonalData",
    "Policy",
    "PostgresCatalog",
    "Product",
    "Project",
    "ProjectErrors",
    "Promises",
    "PushSource",
    "Reference",
    "ReplaySource",
    "Report",
    "RestCatalog",
    "S3Lake",
    "Section",
    "ServeSettings",
    "Source",
    "SparkCluster",
    "Target",
    "Tile",
    "load",
    "parsed_version",
    "raised_at",
]
