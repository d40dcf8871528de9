import pytest

from projects import Project, copy_project


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)
    finished = Project(folder)
    finished.finish()
    yield finished
    finished.close()
