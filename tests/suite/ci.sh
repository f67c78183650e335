#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# ci.sh - the examples of docs/ci.md: GNU parallel is run on this machine, through its ssh login `:`, and what
# is YAML is read and looked at.
#
# Usage: ci.sh RMESIM CHECKOUT

set -u
rmesim=${1:?usage: ci.sh RMESIM CHECKOUT}
checkout=${2:?usage: ci.sh RMESIM CHECKOUT}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
unset TEST_SHARD_INDEX TEST_TOTAL_SHARDS JOB_COMPLETION_INDEX JOB_COMPLETIONS
status=0

# block HEADING LANGUAGE: the first block of that language below a heading.
block() {
	awk -v heading="## $1" -v fence="\`\`\`$2" '
		/^## / { here = $0 == heading }
		here && !done && $0 == fence { inside = 1; next }
		inside && /^```$/ { inside = 0; done = 1 }
		inside' "$checkout/docs/ci.md"
}

complain() {
	echo "FAILED: $1"
	status=1
}

# The manifest of Kubernetes and the pipelines are what they claim to be.
block Kubernetes yaml >job.yaml
block 'GitHub Actions' yaml >github.yaml
block GitLab yaml >gitlab.yaml
if /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	/usr/bin/python3 - <<'END' || complain 'an example of docs/ci.md is not what it should be'
import yaml
job = yaml.safe_load(open("job.yaml"))
spec = job["spec"]
assert job["kind"] == "Job" and job["apiVersion"] == "batch/v1" and spec["completionMode"] == "Indexed"
container = spec["template"]["spec"]["containers"][0]
env = {item["name"]: item["value"] for item in container["env"]}
assert env["JOB_COMPLETIONS"] == str(spec["completions"])
open("pod.sh", "w").write(container["args"][0])
workflow = yaml.safe_load(open("github.yaml"))
# YAML 1.1 reads `on` as true; GitHub does not.
assert set(workflow) == {"name", True, "jobs"} and workflow[True] == ["push", "pull_request"]
github = workflow["jobs"]
for job in github.values():
    assert {"runs-on", "steps"} <= set(job)
    assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    assert set(job) <= {"runs-on", "container", "strategy", "steps", "needs", "if"}
    assert set([job.get("needs", "rmesim")]) <= set(github)
assert github["rmesim"]["strategy"]["matrix"]["shard"] == [0, 1, 2, 3]
assert "/4" in github["rmesim"]["steps"][2]["run"]
gitlab = yaml.safe_load(open("gitlab.yaml"))["rmesim"]
open("gitlab.sh", "w").write(gitlab["script"][-1])
END
	mkdir bin reports
	ln -s "$rmesim" bin/rmesim
	few="$checkout/scenarios/measurement"
	# One pod of each, with the paths of this machine.
	sed -e "s|/usr/share/rmesim/scenarios|$few|; s|/reports|$work/reports|" pod.sh >here.sh
	PATH=$work/bin:$PATH JOB_COMPLETION_INDEX=1 JOB_COMPLETIONS=3 sh here.sh >out 2>&1 &&
		grep -q '"shard":{"index":1,"total":3}' reports/shard-1.jsonl || {
		cat out
		complain 'the command of a pod'
	}
	sed -e "s|scenarios/|$few|" gitlab.sh >here.sh
	PATH=$work/bin:$PATH CI_NODE_INDEX=2 CI_NODE_TOTAL=2 sh here.sh >out 2>&1 &&
		grep -qE 'tests="[1-9]' rmesim.xml || {
		cat out
		complain 'the command for GitLab'
	}
	rm -rf reports
else
	echo 'SKIPPED in part: there is no python3-yaml'
fi

command -v parallel >/dev/null || {
	echo 'SKIPPED: there is no GNU parallel: install parallel'
	exit "$((status ? status : 77))"
}
block 'GNU parallel, over ssh' sh >parallel.sh
[ -s parallel.sh ] || complain 'there is no example of GNU parallel'
export RMESIM=$rmesim SHARDS=3 HOSTS=2/: HOME=$work
SCENARIOS=$checkout/scenarios/ripas sh parallel.sh >out 2>&1 || {
	cat out
	complain 'the example of GNU parallel'
}
"$rmesim" run "$checkout/scenarios/ripas" --report jsonl=whole.jsonl >/dev/null || complain 'the whole'
cmp reports/suite.jsonl whole.jsonl || complain 'the parts together are not the whole'

# A scenario that fails makes the verdict red.
SCENARIOS=$checkout/examples sh parallel.sh >out 2>&1
[ $? != 0 ] || complain 'a failure got lost'
exit "$status"
