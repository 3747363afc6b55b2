"""The whole job, stage by stage: fetch, load, gate 1, build, gate 2, publish."""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import expectations.gates
from extract.faults import SourceError
from extract.fetch import open_sources, visit, wall_clock
from extract.landing import Archive, SourceKindMismatchError, new_run_id, refuse_other_kinds
from extract.pipeline import RawStore
from extract.replay import RecordingError, replay
from extract.settings import Settings
from extract.tick_archive import TickArchive, TickArchiveError
from pipeline.dbt_build import build, declare_raw
from pipeline.exit_codes import ExitCode, JobError
from pipeline.gating import Gates, check_loads, check_marts
from pipeline.housekeeping import keep_house
from pipeline.job_report import JobReport
from pipeline.run_history import gate_counts, record_failure
from pipeline.state_files import mend
from pipeline.stopping import stay_silent_if_stopped, when_stopped
from pipeline.storage import storage_failure, storage_failure_in
from pipeline.warehouse import refuse_unreachable
from published.reading import CURRENT, current_manifest
from published.writing import code_version, publish

log = logging.getLogger(__name__)

StageDetail = Callable[[str], None]


class Job:
    """One run over one data folder, which the caller has locked.

    `on_stage(name)` gives a context whose value takes details of the progress; `gates` answers as
    the module of that name does.
    """

    def __init__(
        self, settings: Settings, on_stage: Callable[[str], Any], gates: Gates = expectations.gates
    ) -> None:
        self._settings = settings
        self._on_stage = on_stage
        self._gates = gates
        mend(settings)
        self.report = JobReport(new_run_id(wall_clock()), settings.as_of or wall_clock())
        self._store = RawStore(settings)
        self._at_stage: str | None = None

    def refresh(self, select: str | None = None, full_refresh: bool = False) -> JobReport:
        """Load what is new and publish it. Raises JobError."""
        imports = self._import_ahead()
        self.fetch()
        imports.join()
        return self.build_and_publish(select, full_refresh)

    def fetch(self) -> None:
        """Everything up to landing. Raises JobError."""
        with self._failure_recorded():
            self._take_in()

    def build_and_publish(self, select: str | None = None, full_refresh: bool = False) -> JobReport:
        """Everything after landing. Raises JobError."""
        with self._failure_recorded():
            self.load()
            with self._stage("gate 1: raw"):
                self.report.gates["raw"] = check_loads(self._settings, self._store, self._gates)
            with self._stage("dbt build") as detail:
                self._build(detail, select, full_refresh)
            with self._stage("gate 2: marts"):
                self.report.gates["marts"] = check_marts(self._settings, self._gates)
            with self._stage("quality docs"):
                self._gates.build_docs(self._settings.quality_docs_dir)
            with self._stage("publish"):
                self._publish()
            with self._stage("housekeeping") as detail:
                self.report.left_undone = self._left_undone(detail)
        return self.report

    def load(self) -> None:
        """From landing to raw. Raises JobError."""
        with self._stage("load") as detail:
            self._load(detail)
            try:
                TickArchive(self._settings, self._store).declare()
            except TickArchiveError as error:
                raise JobError(ExitCode.STORAGE, str(error)) from error
            declare_raw(self._settings)

    @contextmanager
    def _stage(self, name: str) -> Iterator[StageDetail]:
        log.info("%s: %s", self.report.run_id, name)
        self._at_stage = name
        started = time.perf_counter()
        with self._on_stage(name) as detail:
            yield detail
        self.report.seconds[name] = round(time.perf_counter() - started, 2)

    @contextmanager
    def _failure_recorded(self) -> Iterator[None]:
        """A run that publishes nothing, for whatever reason, appears in the history of the next
        that does."""
        with when_stopped(
            lambda code: self._record(JobError(ExitCode(code), "stopped by a signal"))
        ):
            try:
                yield
            except BaseException as error:
                stay_silent_if_stopped()
                self._record(storage_failure(error) or error)
                raise

    def _record(self, error: BaseException) -> None:
        current = self._settings.published_dir / CURRENT
        # Once the pointer has moved, this is a run that published.
        if not current.is_symlink() or current.readlink().name != self.report.run_id:
            record_failure(self._settings.log_dir, self._failed_run(error))

    def _failed_run(self, error: BaseException) -> dict[str, Any]:
        report, data_dir = self.report, str(self._settings.data_dir)
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        # A headline that ends in a colon says nothing without what follows.
        told = lines[: 2 if lines and lines[0].endswith(":") else 1] or [type(error).__name__]
        return {
            "run_id": report.run_id,
            "source_kind": self._settings.source_kind,
            "code_version": code_version(),
            "stage": self._at_stage,
            "exit_code": int(error.code) if isinstance(error, JobError) else None,
            "message": " ".join(told).replace(data_dir, "the data folder"),
            "stage_seconds": report.seconds,
            "loaded_rows": report.loaded_rows,
            "gates": gate_counts({name: gate.to_dict() for name, gate in report.gates.items()}),
        }

    def _left_undone(self, detail: StageDetail) -> JobError | None:
        """What failed of a run that has published: the housekeeping, or a source."""
        undone = keep_house(
            self._settings, self._store, self.report.run_id, detail, self._tell_damage
        )
        failed = self.report.fetch.failed if self.report.fetch else {}
        if undone is None and failed:
            undone = JobError(
                ExitCode.SOURCE,
                f"{'; '.join(map(str, failed.values()))}. "
                "What had arrived is published; the next refresh asks again.",
            )
        return undone

    def _publish(self) -> None:
        assert self.report.dbt is not None  # noqa: S101
        self.report.snapshot = publish(
            self._settings, self.report.run_id, self._facts(), self.report.dbt.catalog
        )

    def _import_ahead(self) -> threading.Thread:
        """dbt takes seconds to import: use the wait for the network."""
        # dlt uses it meanwhile, and must not meet it half imported.
        importlib.import_module("pydantic.main")

        def run() -> None:
            for module in ("dbt.cli.main", f"dbt.adapters.{self._settings.target}"):
                importlib.import_module(module)

        thread = threading.Thread(target=run, name="import-ahead", daemon=True)
        thread.start()
        return thread

    def _take_in(self) -> None:
        settings, report = self._settings, self.report
        with self._stage("fetch") as detail:
            try:
                # Raw may have come from another folder, or outlive its landing.
                self._store.refuse_other_kinds(settings.source_kind)
            except SourceKindMismatchError as error:
                raise JobError(ExitCode.USAGE, str(error)) from error
            # An earlier run may have been killed between landing and raw.
            self._load(detail)
            with Archive(settings.landing_dir, settings.source_kind, report.run_id) as archive:
                try:
                    if settings.source_kind == "replay":
                        assert settings.recordings is not None  # noqa: S101
                        report.replayed = replay(
                            settings.recordings, archive, self._store, wall_clock()
                        )
                    else:
                        clock = wall_clock if settings.source_kind == "live" else self._fixed_clock
                        with open_sources(settings, archive, clock) as sources:
                            report.fetch = visit(
                                sources,
                                self._store,
                                settings,
                                clock,
                                lambda what, done, total: detail(
                                    f"{what} {done}/{total}" if total else f"{what} {done}"
                                ),
                            )
                except RecordingError as error:
                    raise JobError(ExitCode.USAGE, str(error)) from error
                except SourceError as error:
                    raise JobError(
                        ExitCode.SOURCE,
                        f"{error}. What had arrived is kept for the next refresh; "
                        "the published snapshot is unchanged.",
                    ) from error

    def _fixed_clock(self) -> datetime:
        return self.report.as_of

    def _load(self, detail: StageDetail) -> None:
        for rows in self._store.load(self._store.pending()):
            self.report.loaded_rows += rows
            detail(f"{self.report.loaded_rows:,} rows")
        self._tell_damage(self._store.damage)
        if self._store.damage:
            detail(f"{self.report.loaded_rows:,} rows; landing is damaged, see the log")

    def _tell_damage(self, damage: list[str]) -> None:
        known = self.report.landing_damage
        known += [line for line in damage if line not in known]

    def _build(self, detail: StageDetail, select: str | None, full_refresh: bool) -> None:
        self.report.load_number = self._store.greatest_load_number()
        if select is not None and self._has_news():
            # The other marts would be published as they were before the new data.
            select, self.report.widened = None, True
        result = build(self._settings, select, full_refresh, detail)
        self.report.dbt = result
        if result.failures:
            raise storage_failure_in(result.errors) or JobError(
                ExitCode.CHECK_FAILED,
                "\n".join(
                    ["dbt build failed:"]
                    + [f"  {failure}" for failure in result.failures]
                    + [
                        "Nothing was published; the last good snapshot stays.",
                        f"The log is {self._settings.log_dir}/refresh.log.",
                        "If a model's columns have changed: scripts/refresh.py --full-refresh",
                        "If rows were accepted before the rules changed: scripts/rebuild.py",
                    ]
                ),
            )

    def _has_news(self) -> bool:
        """Whether raw holds a load that the published marts are not made of."""
        published = current_manifest(self._settings.published_dir)
        place = (self._settings.target, self.report.load_number)
        is_other = (published.get("target"), published.get("load_number")) != place
        # If another folder has rebuilt the database, its numbers repeat.
        return is_other or self.report.loaded_rows > 0

    def _facts(self) -> dict[str, Any]:
        report = self.report
        return {
            "load_number": report.load_number,
            "gates": {name: gate.to_dict() for name, gate in report.gates.items()},
            "dbt": report.dbt.to_dict() if report.dbt else None,
            "failures": [*(report.fetch.failures if report.fetch else []), *report.landing_damage],
            "stage_seconds": report.seconds,
            "loaded_rows": report.loaded_rows,
        }


def prepare(settings: Settings) -> None:
    """Make the data folder, and refuse to mix kinds of sources. Raises JobError (2)."""
    refuse_unreachable(settings)
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        refuse_other_kinds(settings.landing_dir, settings.source_kind)
    except SourceKindMismatchError as error:
        raise JobError(ExitCode.USAGE, str(error)) from error
    except (FileExistsError, NotADirectoryError) as error:
        raise JobError(
            ExitCode.USAGE, f"the data folder cannot be used: {error.strerror}: {error.filename}"
        ) from error
