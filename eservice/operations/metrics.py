"""Figures for Prometheus: requests, events, deliveries, and what waits. One registry per process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from eservice.kit import clock_checks
from eservice.kit.clock_checks import ClockState
from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging import delivery_queries, inbox

_RIGHT = {
    ClockState.RIGHT: 1.0,
    ClockState.OFF: 0.0,
    ClockState.UNSET: 0.0,
    ClockState.UNKNOWN: float("nan"),
}
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The figures of one process; those of the database are read when asked for."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "phueanban_http_seconds",
            "Time to answer a request",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._outcomes = Counter(
            "phueanban_delivery_outcomes",
            "Outcomes of sending",
            ("channel", "outcome"),
            registry=self._registry,
        )
        self._events = Counter(
            "phueanban_events_processed", "Events worked on", ("outcome",), registry=self._registry
        )
        self._waiting = Gauge("phueanban_inbox_waiting", "Events not yet worked on", registry=self._registry)
        self._oldest = Gauge(
            "phueanban_outbox_oldest_seconds", "Age of the oldest unsent message", registry=self._registry
        )
        self._deliveries = Gauge(
            "phueanban_deliveries",
            "Messages by channel and state",
            ("channel", "state"),
            registry=self._registry,
        )

        self._clocks = Gauge(
            "phueanban_clock_right",
            "Whether a machine's clock is right: 1, 0, or NaN where the source does not say",
            ("machine", "source"),
            registry=self._registry,
        )
        self._clock_offsets = Gauge(
            "phueanban_clock_offset_seconds",
            "How far a machine's clock is ahead of another, at least",
            ("machine", "source"),
            registry=self._registry,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One HTTP request, by its route's pattern and never its address."""
        self._requests.labels(method, route or "unmatched", str(status)).observe(seconds)

    def outcome(self, channel: str, outcome: str) -> None:
        """What came of one sending."""
        self._outcomes.labels(channel, outcome).inc()

    def event(self, outcome: str) -> None:
        """One event worked on: "done" or "failed"."""
        self._events.labels(outcome).inc()

    def render(self, reader: ReadOnly) -> bytes:
        """The exposition, with what waits in the database."""
        self._waiting.set(inbox.waiting_count(reader))
        oldest = delivery_queries.oldest_due(reader)
        self._oldest.set((reader.now - oldest).total_seconds() if oldest else 0)
        self._deliveries.clear()
        for (channel, state), number in delivery_queries.counts(reader).items():
            self._deliveries.labels(channel.value, state.value).set(number)
        self._clocks.clear()
        self._clock_offsets.clear()
        for check in clock_checks.newest(reader):
            labels = (check.machine, check.source)
            self._clocks.labels(*labels).set(_RIGHT[ClockState(check.state)])
            if check.offset_ms is not None:
                self._clock_offsets.labels(*labels).set(check.offset_ms / 1000)
        return generate_latest(self._registry)
