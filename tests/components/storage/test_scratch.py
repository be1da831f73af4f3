import json

import yaml

from components.storage import scratch_manifests as manifests
from components.storage.scratch import LocalScratch, LocalScratchArgs
from infra.labels import LOCAL_NVME_LABEL
from tests.components.support import SCOPE, Found, record_component


def recorded() -> Found:
    return record_component(lambda opts: LocalScratch("scratch", LocalScratchArgs(scope=SCOPE), opts))


def test_the_class_keeps_pods_to_nodes_that_have_the_disks() -> None:
    made = recorded().inputs("StorageClass")
    assert made["metadata"]["name"] == "local-nvme"
    assert made["volumeBindingMode"] == "WaitForFirstConsumer"
    (term,) = made["allowedTopologies"]
    assert term["matchLabelExpressions"] == [{"key": LOCAL_NVME_LABEL, "values": ["true"]}]
    assert made["provisioner"] == manifests.PROVISIONER


def test_the_provisioner_answers_to_the_class_reads_its_configuration_and_has_its_rights() -> None:
    found = recorded()
    pod = found.inputs("Deployment")["spec"]["template"]["spec"]
    command = pod["containers"][0]["command"]
    assert command[command.index("--provisioner-name") + 1] == manifests.PROVISIONER
    assert command[command.index("--configmap-name") + 1] == found.inputs("ConfigMap")["metadata"]["name"]
    assert pod["volumes"][0]["configMap"]["name"] == found.inputs("ConfigMap")["metadata"]["name"]
    account = found.inputs("ServiceAccount")["metadata"]["name"]
    assert pod["serviceAccountName"] == account
    for kind in ("ClusterRoleBinding", "RoleBinding"):
        (subject,) = found.inputs(kind)["subjects"]
        assert (subject["name"], subject["namespace"]) == (account, manifests.NAMESPACE)


def test_the_provisioner_goes_after_its_class_and_before_its_rights() -> None:
    found = recorded()
    assert "Deployment::scratch" in found.before(found.one("StorageClass"))
    assert {"ClusterRoleBinding::scratch", "RoleBinding::scratch", "ConfigMap::scratch"} <= found.before(
        found.one("Deployment")
    )


def test_its_configuration_is_what_it_reads() -> None:
    data = manifests.configuration()
    (entry,) = json.loads(data["config.json"])["nodePathMap"]
    assert entry["node"] == "DEFAULT_PATH_FOR_NON_LISTED_NODES"
    assert all(path.startswith("/mnt/k8s-disks/0/") for path in entry["paths"])
    helper = yaml.safe_load(data["helperPod.yaml"])["spec"]
    assert helper["tolerations"] == [{"operator": "Exists"}], "nodes with GPUs are tainted"
    assert not {"securityContext", "volumes", "serviceAccountName", "nodeName"} & helper.keys()
    assert "$VOL_DIR" in data["setup"]
    assert "$VOL_DIR" in data["teardown"]
