"""Runs suites with Great Expectations. Importing this module costs seconds: import it late."""

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import logging
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.expectations import UnexpectedRowsExpectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.render import LegacyDiagnosticRendererType, RenderedTableContent
from great_expectations.render.renderer.renderer import renderer

from expectations.claims import Claim, Suite
from expectations.duckdb_dialect import keep_duckdb_connection_open
from expectations.results import MAX_SAMPLE_ROWS, Breach

DATASOURCE = "warehouse"
LONGEST_TEXT = 200

logger = logging.getLogger(__name__)
