"""Prometheus metrics of a worker, where the extra `metrics` is installed and a port is set."""

from egraph.errors import UsageError
from egraph.worker.progress import Step


class Metrics:
    """Counts nothing: the worker without metrics."""

    def ended(self, kind: str, outcome: str, seconds: float) -> None:
        """A job ended: `done`, `failed`, `lost` or `released`, after so many seconds here."""

    def busy(self, kind: str | None, step: Step) -> None:
        """A job of this kind is at this step; no job where `kind` is None."""

    def away(self, seconds: float) -> None:
        """The database was last heard of so many seconds ago."""


class PrometheusMetrics(Metrics):
    """Counts, and answers on a port."""

    def __init__(self, port: int) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
        except ImportError as error:
            raise UsageError("Metrics need the package prometheus-client; pip install 'egraph[metrics]'.") from error
        registry = CollectorRegistry()
        self._jobs = Counter("egraph_jobs", "Jobs that ended here", ["kind", "outcome"], registry=registry)
        buckets = (1, 10, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
        self._seconds = Histogram("egraph_job_seconds", "Time of a job", ["kind"], registry=registry, buckets=buckets)
        self._busy = Gauge("egraph_worker_busy", "1 while the worker has a job", registry=registry)
        self._done = Gauge("egraph_stage_done", "Steps done of the stage at hand", registry=registry)
        self._total = Gauge("egraph_stage_total", "Steps of the stage at hand", registry=registry)
        self._away = Gauge("egraph_database_away_seconds", "Time without the database", registry=registry)
        try:
            start_http_server(port, registry=registry)
        except OSError as error:
            raise UsageError(f"Metrics cannot use port {port} ({error.strerror}); give another.") from error

    def ended(self, kind: str, outcome: str, seconds: float) -> None:
        """A job ended."""
        self._jobs.labels(kind, outcome).inc()
        self._seconds.labels(kind).observe(seconds)

    def busy(self, kind: str | None, step: Step) -> None:
        """A job is at this step."""
        self._busy.set(kind is not None)
        self._done.set(step.done)
        self._total.set(step.total)

    def away(self, seconds: float) -> None:
        """The database was last heard of so long ago."""
        self._away.set(seconds)


def open_metrics(port: int | None) -> Metrics:
    """The metrics on a port, or none.

    Raises:
        UsageError: the extra is not installed, or the port is taken.
    """
    return Metrics() if port is None else PrometheusMetrics(port)
