"""The worker's chore of privacy: what was agreed to is erased, and what is past its time goes."""

import structlog
from fastapi.concurrency import run_in_threadpool

from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.media import MediaStore
from eservice.kit.settings import Settings
from eservice.privacy import keeping

log = structlog.get_logger()


class PrivacyKeeper:
    """Runs with the house-keeping of the worker."""

    def __init__(self, database: Database, media: MediaStore, settings: Settings) -> None:
        self._database = database
        self._media = media
        self._settings = settings

    async def __call__(self) -> None:
        """One round."""
        try:
            await run_in_threadpool(self._keep)
        except ServiceError as fault:
            log.error("privacy.files_not_forgotten", reason=fault.parameters.get("reason", ""))

    def _keep(self) -> None:
        erased = keeping.keep(
            self._database,
            self._media,
            self._settings.data_dir,
            signing_key=self._settings.signing_key,
        )
        if erased:
            log.info("privacy.erased", count=erased)
