"""What is written to the log: one line an event, as JSON or to be read, with the id of the request; structlog and logging alike."""

import logging.config
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from marketplace import origin

FORMATS = ("json", "lines")


def add_request_id(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Say which request an event belongs to, so that it is found by the id that a person quotes."""
    if request_id := origin.current().request_id:
        event.setdefault("request_id", request_id)
    return event


# Both kinds of events pass these: those of structlog, and those that libraries write with logging.
SHARED: list[Processor] = [
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    add_request_id,
]


def formatter(kind: str) -> structlog.stdlib.ProcessorFormatter:
    """Return what turns an event into the text of the log."""
    last: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]
    if kind == "lines":
        last = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=SHARED, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    )


def described(*, level: str, kind: str) -> dict[str, Any]:
    """Return Django's LOGGING; the log goes to standard error, so that what a command prints stays its own."""
    if kind not in FORMATS:
        raise ValueError(f"LOG_FORMAT is {kind!r}; set it to {' or '.join(FORMATS)}.")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"event": {"()": "marketplace.logs.formatter", "kind": kind}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "event"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {"axes": {"level": "WARNING"}, "django.security.DisallowedHost": {"level": "ERROR"}},
    }


def configure(config: dict[str, Any]) -> None:
    """Set up logging, and let structlog write through it; Django calls this once it knows its settings."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
