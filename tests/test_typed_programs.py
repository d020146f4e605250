"""Programs that use the installed package are checked by mypy and pyright, strictly."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from argentos.machines.mermaid.markdown import fences

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(300)]

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run(*command: str | Path, folder: Path) -> None:
    done = subprocess.run(  # noqa: S603 - this interpreter, or a tool beside it
        [*map(str, command)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def editable() -> Path:
    """The interpreter of this environment, where the package is installed as a path."""
    return Path(sys.executable)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """The interpreter of an environment with the wheel, and the dependencies of this one."""
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT, folder=tmp_path)
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", folder=tmp_path)
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        archive.extractall(site)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return tmp_path / "venv" / "bin" / "python"


@pytest.mark.parametrize("installed", ["editable", "wheel"])
def test_the_program_of_the_readme_passes_strictly(
    installed: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    python: Path = request.getfixturevalue(installed)
    folder = tmp_path / "program"
    folder.mkdir()
    program = next(fence.body for fence in fences(README) if fence.language == "python")
    (folder / "program.py").write_text(program, encoding="utf-8")
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', encoding="utf-8")
    run(sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "program.py", folder=folder)
    run(sys.executable, "-m", "pyright", "--pythonpath", python, "program.py", folder=folder)
