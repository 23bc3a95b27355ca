"""The workflows: least rights, nothing that can change unnoticed, no secret, and every script in use."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.dev import package
from sandbox.dev.lock import LISTS, lock_file
from scripts import preflight
from scripts.last_good import artifact_name
from scripts.names import GEOGRAPHIES, stamp_names

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
every_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
_PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+\.\d+)?$")


def content(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text("utf-8"))
    return found


def jobs(file: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = content(file)["jobs"]
    return found


def steps(file: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(file).values():
        yield from job.get("steps", [])


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    words = ["--offline", "--no-progress", "--persona=pedantic", "--config", ".github/zizmor.yml", ".github"]
    done = subprocess.run([str(zizmor), *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stderr.count("completed .github/") == len(WORKFLOWS) + 1


@every_workflow
def test_actions_are_pinned_by_hash_with_their_version_beside(file: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in file.read_text("utf-8").splitlines()]
    uses = [line for line in lines if line.startswith("uses:")]
    assert [line for line in uses if "./" not in line and not _PINNED.fullmatch(line)] == []


def test_an_action_has_one_version_everywhere() -> None:
    used = {use for file in WORKFLOWS for use in re.findall(r"uses: (\S+)@(\S+) # (\S+)", file.read_text("utf-8"))}
    assert len({name for name, _, _ in used}) == len(used)


@every_workflow
def test_rights_are_given_job_by_job(file: Path) -> None:
    assert content(file)["permissions"] == {}
    allowed = {"contents": "read", "actions": "read", "id-token": "write"}
    for name, job in jobs(file).items():
        assert job["permissions"].items() <= allowed.items(), name
        # Who signs in to Azure does so for one environment.
        if job["permissions"].get("id-token") and "uses" not in job:
            assert job["environment"]


@every_workflow
def test_there_is_no_secret_and_no_credential_is_left_behind(file: Path) -> None:
    assert "secrets." not in file.read_text("utf-8")
    assert "secrets:" not in file.read_text("utf-8")
    for step in steps(file):
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


@every_workflow
def test_a_failure_inside_a_pipe_is_one(file: Path) -> None:
    assert content(file)["defaults"] == {"run": {"shell": "bash"}}
    assert not any("shell" in step for step in steps(file))


@every_workflow
def test_jobs_end_and_do_not_run_into_each_other(file: Path) -> None:
    workflow = content(file)
    for job in jobs(file).values():
        if "uses" not in job:
            assert job["timeout-minutes"] <= 150
            assert "concurrency" in workflow or "concurrency" in job


def test_a_change_is_checked_by_the_command_that_developers_use() -> None:
    runs = [step.get("run", "") for step in steps(ROOT / ".github" / "workflows" / "checks.yml")]
    assert any(run.endswith("dev.py test") for run in runs)
    [templates] = [run for run in runs if "az bicep build" in run]
    assert "find infra -name '*.bicep'" in templates
    assert 'az bicep lint --file "$file"' in templates
    for gate in ("pip-audit --strict --require-hashes --disable-pip -r requirements.txt", "npm audit"):
        assert any(run.startswith(gate) for run in runs)


def test_a_pull_request_shows_what_it_would_change_in_azure() -> None:
    file = ROOT / ".github" / "workflows" / "plan.yml"
    # YAML reads the word `on` as true.
    assert {"infra/**", "scripts/parameters.py"} <= set(content(file)[True]["pull_request"]["paths"])
    [asked] = [step["run"] for step in steps(file) if "az deployment" in step.get("run", "")]
    assert asked.startswith("az deployment sub what-if ")
    assert "--template-file main.json" in asked
    assert "cat what-if.txt; echo '```'; } >> \"$GITHUB_STEP_SUMMARY\"" in asked


def test_a_package_is_kept_with_a_bill_of_materials_of_each_part() -> None:
    [job] = [job for name, job in jobs(ROOT / ".github" / "workflows" / "deploy.yml").items() if name == "package"]
    made = [step.get("run", "") for step in job["steps"]]
    [bills] = [place for place, run in enumerate(made) if "cyclonedx" in run]
    assert re.search(r"cyclonedx-py requirements .*--output-file package/connector\.cdx\.json", made[bills])
    assert re.search(r"for part in admin visit; do.*npm sbom --sbom-format cyclonedx", made[bills], re.DOTALL)
    assert '> "package/portal-$part.cdx.json"' in made[bills]
    # Of what was packed, before it is kept.
    [packed] = [place for place, run in enumerate(made) if "dev.py package" in run]
    [kept] = [place for place, step in enumerate(job["steps"]) if "upload-artifact" in step.get("uses", "")]
    assert packed < bills < kept
    assert job["steps"][kept]["with"]["path"] == "package"


def test_production_follows_the_test_environment_which_follows_the_checks() -> None:
    found = jobs(ROOT / ".github" / "workflows" / "deploy.yml")
    assert (found["package"]["needs"], found["test"]["needs"], found["production"]["needs"]) == (
        "checks",
        "package",
        "test",
    )
    assert found["production"]["with"] == {"environment": "production"}
    # A copy of this repository releases nothing before somebody says so.
    assert (found["test"]["if"], found["production"]["if"]) == (
        "vars.RELEASE_TEST == 'true'",
        "vars.RELEASE_PRODUCTION == 'true'",
    )
    release = jobs(ROOT / ".github" / "workflows" / "release.yml")["release"]
    assert release["environment"] == "${{ inputs.environment }}"
    assert release["concurrency"]["cancel-in-progress"] is False


def test_a_release_looks_changes_publishes_looks_again_and_keeps_what_was_good() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    order = [
        "scripts.last_good",
        "scripts.preflight",
        "az deployment sub create",
        "scripts.release",
        "scripts.smoke portal",
        artifact_name("${{ inputs.environment }}"),
    ]
    places = [text.index(word) for word in order]
    assert places == sorted(places)


def test_settings_and_package_reach_a_geography_when_the_one_before_is_good() -> None:
    found = list(steps(ROOT / ".github" / "workflows" / "release.yml"))
    laying = [place for place, step in enumerate(found) if "az deployment sub create" in step.get("run", "")]
    assert [found[place]["env"]["GEOGRAPHY"] for place in laying] == sorted(GEOGRAPHIES)
    assert len({found[place]["run"] for place in laying}) == 1
    for place in laying:
        geography, run = found[place]["env"]["GEOGRAPHY"], found[place]["run"]
        assert '--parameters onlyGeography="$GEOGRAPHY"' in run
        assert run.index("> outputs.json") < run.index("scripts.release") < run.index("--outputs outputs.json")
        # Signed in for each; nothing for those that are not wanted, and nothing after one that is not good.
        assert "azure/login@" in found[place - 1]["uses"]
        assert found[place]["if"] == found[place - 1]["if"] == f"vars.{geography.upper()}_REGION != ''"


@pytest.mark.parametrize("name", ["plan.yml", "release.yml"])
def test_the_templates_get_every_variable_that_they_can_take(name: str) -> None:
    parameters = (ROOT / "infra" / "main.parameters.json").read_text("utf-8")
    wanted = set(re.findall(r"\$\{(\w+)", parameters))
    [job] = jobs(ROOT / ".github" / "workflows" / name).values()
    given = {variable: value for variable, value in job["env"].items() if variable != "ENVIRONMENT"}
    assert all(value == f"${{{{ vars.{variable} }}}}" for variable, value in given.items())
    assert wanted <= set(given)
    assert set(given) - wanted <= {"AZURE_SUBSCRIPTION_ID"}


def test_every_script_is_run_by_a_workflow_or_used_by_one_that_is() -> None:
    text = " ".join(file.read_text("utf-8") for file in WORKFLOWS)
    assert SCRIPTS
    for script in SCRIPTS:
        if '__name__ == "__main__"' in script.read_text("utf-8"):
            assert f"python -m scripts.{script.stem}" in text, script.name
        elif script.stem != "__init__":
            assert any(
                f"scripts.{script.stem} import" in other.read_text("utf-8")
                or re.search(rf"from scripts import .*\b{script.stem}\b", other.read_text("utf-8"))
                for other in SCRIPTS
            ), script.name


def test_scripts_need_nothing_but_the_standard_library() -> None:
    for script in SCRIPTS:
        nodes = list(ast.walk(ast.parse(script.read_text("utf-8"))))
        imported = {
            name.name.partition(".")[0] for node in nodes if isinstance(node, ast.Import) for name in node.names
        }
        imported |= {str(node.module).partition(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
        assert imported - sys.stdlib_module_names <= {"scripts"}, script.name


def test_everything_that_a_workflow_installs_is_locked() -> None:
    text = " ".join(file.read_text("utf-8") for file in WORKFLOWS)
    installed = re.findall(r"pip install (.*)", text)
    assert installed
    assert all(words.startswith("--require-hashes -r requirements") for words in installed)
    assert set(re.findall(r"requirements[\w-]*\.txt", text)) <= {lock_file(ROOT / name).name for name in LISTS}
    assert "npx" not in text
    assert "npm install" not in text


def test_one_python_runs_in_azure_in_the_workflows_and_in_the_package() -> None:
    functions = (ROOT / "infra" / "stamp" / "functions.bicep").read_text("utf-8")
    runtime = re.search(r"name: 'python'\s+version: '([\d.]+)'", functions)
    assert runtime
    assert runtime[1] == package.PYTHON == preflight.PYTHON
    for name in ("deploy.yml", "release.yml"):
        versions = {
            step["with"]["python-version"]
            for step in steps(ROOT / ".github" / "workflows" / name)
            if "setup-python" in step.get("uses", "")
        }
        assert versions == {package.PYTHON}


def test_azd_knows_the_portal_and_each_geography_by_its_group_and_never_builds_in_azure() -> None:
    azd = content(ROOT / "azure.yaml")
    services = azd["services"]
    assert set(services) == {"portal", *(f"connector-{geography}" for geography in GEOGRAPHIES)}
    functions = (ROOT / "infra" / "stamp" / "functions.bicep").read_text("utf-8")
    assert "'azd-service-name': 'connector-${geography}'" in functions
    for geography in GEOGRAPHIES:
        service = services[f"connector-{geography}"]
        group = stamp_names("any", "${AZURE_ENV_NAME}", geography).resource_group
        assert (service["resourceGroup"], service["remoteBuild"]) == (group, False)
        assert service["dist"] == ".local/package/app"


def test_the_hooks_of_azd_run_scripts_that_are_there_on_every_system() -> None:
    azd = content(ROOT / "azure.yaml")
    hooks = [*azd["hooks"].values(), *azd["services"]["portal"]["hooks"].values()]
    assert len(hooks) == 4
    for hook in hooks:
        posix, windows = hook["posix"]["run"], hook["windows"]["run"]
        assert posix.replace("python3 ", "python ") == windows
        named = re.findall(r"-m (scripts\.\w+)", posix)
        assert named
        assert all((ROOT / f"{name.replace('.', '/')}.py").is_file() for name in named)


def test_dependabot_waits_a_week_and_knows_every_lock_of_npm() -> None:
    updates = content(ROOT / ".github" / "dependabot.yml")["updates"]
    assert all(one["cooldown"]["default-days"] >= 7 for one in updates)
    tracked = subprocess.run(
        ["git", "ls-files", "*package-lock.json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    folders = {f"/{Path(name).parent.as_posix()}" for name in tracked.stdout.split()} - {"/tests/bench/peers"}
    assert {folder for one in updates for folder in one.get("directories", [])} == folders
