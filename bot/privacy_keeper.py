"""The worker's chore of privacy: what was agreed to is erased, and what is past its time goes."""

import structlog
from fastapi.concurrency import run_in_threadpool

from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.media import MediaStore
from eservice.kit.settings import Settings
from eservice.privacy import keeping, national_ids

log = structlog.get_logger()


class PrivacyKeeper:
    """Runs with the house-keeping of the worker."""

    def __init__(self, database: Database, media: MediaStore, settings: Settings) -> None:
        self._database = database
        self._media = media
        self._settings = settings
        self._seals_are_new = not settings.secret_key_previous.get_secret_value()

    async def __call__(self) -> None:
        """One round."""
        try:
            await run_in_threadpool(self._keep)
        except ServiceError as fault:
            log.error("privacy.files_not_forgotten", reason=fault.parameters.get("reason", ""))

    def _keep(self) -> None:
        if not self._seals_are_new:  # once: keys change only between two runs of the program
            with self._database.unit_of_work() as uow:
                renewed = national_ids.renew(uow, self._settings)
            self._seals_are_new = True
            log.info("privacy.national_ids_sealed_anew", count=renewed)
        erased = keeping.keep(
            self._database,
            self._media,
            self._settings.data_dir,
            signing_key=self._settings.signing_key,
        )
        if erased:
            log.info("privacy.erased", count=erased)
