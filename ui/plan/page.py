"""What every page of the plan workspace does: read beside the window, show, tell what went wrong."""

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from fieldsurvey.errors import FieldSurveyError
from fieldsurvey.jobs import JobControl
from fieldsurvey.store import Store
from ui.jobs import Job, JobRunner
from ui.project.holder import StoreHolder
from ui.widgets import titled


class Page(QWidget):
    """A page that shows what `load` reads in the store thread."""

    def __init__(self, name: str, runner: JobRunner, holder: StoreHolder) -> None:
        super().__init__()
        self.setObjectName(name)
        self._runner, self._holder = runner, holder
        self.message = titled("", "error")
        self.message.setObjectName(f"{name}_message")
        self.message.hide()

    def load(self, store: Store, control: JobControl) -> object:
        """Return what the page shows; runs in the store thread."""
        raise NotImplementedError

    def show_loaded(self, found: object) -> None:
        """Show what was read."""
        raise NotImplementedError

    def read(self) -> Job:
        """Read and show."""
        return self._run(self.load)

    def write(self, change: Callable[[Store], object]) -> Job:
        """Change the project, then read and show it again."""
        self.message.hide()

        def work(store: Store, control: JobControl) -> object:
            change(store)
            return self.load(store, control)

        return self._run(work)

    def _run(self, work: Callable[[Store, JobControl], object]) -> Job:
        job = self._runner.start(self._holder.if_open(work))
        job.succeeded.connect(self._take)
        job.failed.connect(self.tell)
        return job

    @Slot(object)
    def _take(self, found: object) -> None:
        if found is not None:
            self.show_loaded(found)

    @Slot(object)
    def tell(self, error: Exception) -> None:
        """Tell what went wrong."""
        if not isinstance(error, FieldSurveyError | OSError):
            raise error
        self.message.setText(f"⚠ {error}")
        self.message.show()
