"""What is worked out for a few communities is what is worked out for all."""

from collections.abc import Iterator

import pytest

from fieldsurvey.assess import community_progress
from fieldsurvey.assess.gates import gates
from fieldsurvey.assess.score import scores
from fieldsurvey.projects import sample_project
from fieldsurvey.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with sample_project(tmp_path_factory.mktemp("sample") / "s.gpkg") as found:
        yield found


def test_scores_gates_and_progress_of_a_few_are_those_of_all(store: Store) -> None:
    judged, passed, progress = scores(store), gates(store), community_progress(store)
    surveyed = [uid for uid, one in progress.items() if one.done][:6]
    few = [*surveyed, *list(progress)[-2:]]
    assert len({judged[uid].completeness for uid in few}) > 2
    assert scores(store, only=few) == {uid: judged[uid] for uid in few}
    assert gates(store, few) == {uid: passed[uid] for uid in few}
    assert community_progress(store, few) == {uid: progress[uid] for uid in few}
