"""The manifests for Kubernetes: valid, restricted, and consistent with each other."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.deployed_files import DEPLOY, unknown_settings, yaml_documents

FOLDER = DEPLOY / "kubernetes"
KUSTOMIZATION = FOLDER / "kustomization.yaml"
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path != KUSTOMIZATION)
RESOURCES = [resource for file in FILES for resource in yaml_documents(file)]
VERSION = "1.37.0"


def name_of(resource: dict[str, Any]) -> str:
    return f"{resource['kind']}/{resource['metadata']['name']}"


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """The specification of the pods of each resource that has some."""
    for resource in RESOURCES:
        if "template" in resource.get("spec", {}):
            yield name_of(resource), resource["spec"]["template"]


PODS = dict(pods())


@pytest.mark.parametrize("resource", RESOURCES, ids=name_of)
def test_is_a_resource_of_kubernetes(resource: dict[str, Any]) -> None:
    kubernetes = pytest.importorskip("kubernetes_validate", reason="see requirements/deploy.txt")

    kubernetes.validate(resource, VERSION, strict=True)


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
class TestPod:
    def test_is_restricted(self, pod: dict[str, Any]) -> None:
        """As the Pod Security Standard "restricted" has it, which the namespace enforces."""
        spec = pod["spec"]
        [container] = spec["containers"]

        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 10001
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {next(iter(volume.keys() - {"name"})) for volume in spec["volumes"]} == {
            "secret",
            "emptyDir",
        }

    def test_gets_no_settings_that_waybill_does_not_know(self, pod: dict[str, Any]) -> None:
        assert pod["spec"]["enableServiceLinks"] is False

    def test_has_no_access_to_the_cluster(self, pod: dict[str, Any]) -> None:
        assert pod["spec"]["automountServiceAccountToken"] is False

    def test_has_the_settings_and_their_secrets(self, pod: dict[str, Any]) -> None:
        [container] = pod["spec"]["containers"]
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}

        assert container["envFrom"] == [{"configMapRef": {"name": "waybill"}}]
        assert mounts["secrets"] == "/run/secrets/waybill"

    def test_has_a_limit_of_memory(self, pod: dict[str, Any]) -> None:
        [container] = pod["spec"]["containers"]

        assert "memory" in container["resources"]["limits"]
        assert "cpu" in container["resources"]["requests"]


def only(kind: str, name: str) -> dict[str, Any]:
    [resource] = [resource for resource in RESOURCES if name_of(resource) == f"{kind}/{name}"]
    return resource


class TestServers:
    def test_are_probed_where_they_answer(self) -> None:
        [container] = PODS["Deployment/waybill-server"]["spec"]["containers"]
        paths = {
            name: container[name]["httpGet"]["path"]
            for name in ("startupProbe", "livenessProbe", "readinessProbe")
        }

        # A server without its database is alive: a restart would not help.
        assert paths == {
            "startupProbe": "/healthz",
            "livenessProbe": "/healthz",
            "readinessProbe": "/readyz",
        }

    def test_stop_after_they_drained(self) -> None:
        spec = PODS["Deployment/waybill-server"]["spec"]
        drain = int(only("ConfigMap", "waybill")["data"]["WAYBILL_DRAIN_SECONDS"])

        assert spec["terminationGracePeriodSeconds"] > drain + 10
        assert "lifecycle" not in spec["containers"][0]

    def test_drain_until_the_probe_has_noticed(self) -> None:
        [container] = PODS["Deployment/waybill-server"]["spec"]["containers"]
        probe = container["readinessProbe"]
        drain = int(only("ConfigMap", "waybill")["data"]["WAYBILL_DRAIN_SECONDS"])

        assert drain > probe["periodSeconds"] * probe["failureThreshold"]

    def test_are_replaced_one_at_a_time(self) -> None:
        spec = only("Deployment", "waybill-server")["spec"]

        assert spec["replicas"] >= 2
        assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        assert only("PodDisruptionBudget", "waybill-server")["spec"]["maxUnavailable"] == 1


def test_the_worker_is_probed_by_the_file_that_it_updates() -> None:
    [container] = PODS["Deployment/waybill-worker"]["spec"]["containers"]
    [*_, file] = container["args"]

    assert container["args"] == ["worker", "--alive-file", file]
    assert container["livenessProbe"]["exec"]["command"][1:] == [
        "/opt/waybill/healthcheck.py",
        file,
    ]


@pytest.mark.parametrize("kind", ["Service", "PodDisruptionBudget", "NetworkPolicy", "Deployment"])
def test_selects_pods_that_exist(kind: str) -> None:
    labels = [pod["metadata"]["labels"] for pod in PODS.values()]

    for resource in (row for row in RESOURCES if row["kind"] == kind):
        spec = resource["spec"]
        selector = spec.get("selector", spec.get("podSelector"))
        wanted = selector and selector.get("matchLabels", selector)
        assert wanted is None or any(wanted.items() <= row.items() for row in labels), resource


def test_all_files_but_the_migration_are_applied_together() -> None:
    [kustomization] = yaml_documents(KUSTOMIZATION)

    assert set(kustomization["resources"]) == {file.name for file in FILES} - {"migrate.yaml"}
    assert all(row["metadata"].get("namespace", "waybill") == "waybill" for row in RESOURCES)


def test_the_migration_is_of_the_same_image() -> None:
    [image] = next(yaml_documents(KUSTOMIZATION))["images"]
    [container] = next(
        pod for name, pod in PODS.items() if name.startswith("Job/waybill-migrate-")
    )["spec"]["containers"]

    assert container["image"] == f"{image['newName']}:{image['newTag']}"
    assert f"Job/waybill-migrate-{image['newTag']}" in PODS


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_has_settings_that_exist(file: Any) -> None:
    text = unknown_settings(file)

    # A comment of the pods names what Kubernetes would add.
    assert text - {"WAYBILL_SERVICE_HOST"} == set()
