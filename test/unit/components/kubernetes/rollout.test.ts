import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { type Kubectl, KubectlError } from "../../../../components/kubernetes/kubectl.ts";
import type { WatchingClock } from "../../../../components/kubernetes/clock.ts";
import {
    type Rollout,
    type RolloutResult,
    waitForRollout,
} from "../../../../components/kubernetes/rollout.ts";
import {
    type Cluster,
    conditions,
    deployment,
    event,
    newImage,
    oldImage,
    pod,
    releaseOf,
    replicaSet,
} from "./samples.ts";

const rollout: Rollout = {
    context: "sandbox",
    namespace: "alice-dev",
    deployment: "web-dev",
    image: newImage,
    release: releaseOf(newImage),
    replicas: 2,
    timeout: 60,
    timeoutSetting: "mlops:cluster.healthTimeout",
    onFailure: "keep",
};

/** What a rollout ended with, after how many seconds, and the commands that changed the cluster. */
interface Outcome {
    readonly result: RolloutResult;
    readonly problem: string;
    readonly seconds: number;
    /** The commands that had the cluster try again. */
    readonly retries: string[];
    readonly changes: string[];
}

/** Waits for a rollout. The cluster's state is the answer of `at` for the seconds that passed. */
async function outcomeOf(
    at: (seconds: number) => Cluster,
    changed: Partial<Rollout> = {},
): Promise<Outcome> {
    let time = 0;
    let isStopped = false;
    const changes: string[] = [];
    const retries: string[] = [];
    const clock: WatchingClock = {
        now: () => time,
        sleep: (duration) => Promise.resolve((time += duration)),
        stop: () => (isStopped = true),
    };
    const kubectl: Kubectl = (...args) => {
        const cluster = at(time / 1000);
        const [verb = "", what = ""] = args;
        if (cluster.error !== undefined) return Promise.reject(new KubectlError(cluster.error));
        if (verb === "annotate") {
            retries.push(args.join(" "));
            return Promise.resolve("deployment.apps/web-dev annotated\n");
        }
        if (verb === "rollout") {
            changes.push(args.join(" "));
            return cluster.undoError === undefined
                ? Promise.resolve("deployment.apps/web-dev rolled back\n")
                : Promise.reject(new KubectlError(cluster.undoError));
        }
        if (verb === "logs") {
            const output = cluster.logs?.[args.includes("--previous") ? "previous" : "current"];
            return output === undefined
                ? Promise.reject(new KubectlError("previous terminated container not found"))
                : Promise.resolve(output);
        }
        const answers: Record<string, unknown> = {
            deployment: cluster.deployment,
            "replicasets,pods": { items: [...(cluster.sets ?? []), ...(cluster.pods ?? [])] },
            events: { items: cluster.events ?? [] },
        };
        return Promise.resolve(JSON.stringify(answers[what]));
    };
    const result = await waitForRollout({ ...rollout, ...changed }, kubectl, clock);
    equal(isStopped, true, "the clock is stopped");
    const problem = "problem" in result ? result.problem : "";
    return { result, problem, seconds: time / 1000, changes, retries };
}

const progressing = deployment({ updatedReplicas: 1, replicas: 3, availableReplicas: 2 });
const sets = [
    replicaSet({ revision: 3, image: newImage, hash: "6d4cf56db6", available: 0 }),
    replicaSet({ revision: 2, image: oldImage, hash: "5b9c8d7f44", available: 2 }),
];
const oldPod = pod({ hash: "5b9c8d7f44", image: oldImage, ready: true });

/** A rollout whose new pod has a problem while the old version serves. */
const failing = (newPod: object, more: Partial<Cluster> = {}): (() => Cluster) => {
    const cluster = { deployment: progressing, sets, pods: [newPod, oldPod], ...more };
    return () => cluster;
};

describe("a rollout", () => {
    it("succeeds once all pods are new and available, and no earlier", async () => {
        const done = { updatedReplicas: 2, replicas: 2, availableReplicas: 2 };
        const incomplete = [
            deployment({ ...done, observedGeneration: 3 }),
            deployment({ ...done, updatedReplicas: 1 }),
            deployment({ ...done, availableReplicas: 1 }),
            deployment({ ...done, replicas: 3 }),
        ];
        const { result, seconds } = await outcomeOf((time) => ({
            deployment: incomplete[time] ?? deployment(done),
        }));
        deepEqual([result, seconds], [{ replicas: 2 }, incomplete.length]);
    });

    it("waits for the least number of pods, which an autoscaler may still set", async () => {
        const one = { updatedReplicas: 1, replicas: 1, availableReplicas: 1 };
        const both = { updatedReplicas: 2, replicas: 2, availableReplicas: 2 };
        const { result, seconds } = await outcomeOf((time) => ({
            deployment: time < 5 ? deployment({ ...one, wanted: 1 }) : deployment(both),
        }));
        deepEqual([result, seconds], [{ replicas: 2 }, 5]);
    });

    it("says that a Deployment was scaled down", async () => {
        const none = { updatedReplicas: 0, replicas: 0, availableReplicas: 0, wanted: 0 };
        const { problem, seconds } = await outcomeOf(() => ({ deployment: deployment(none) }));
        equal(seconds, 60);
        match(problem, /scaled to 0, fewer pods than the 2 that are configured/);
        match(problem, /pulumi refresh --stack \w+, then pulumi up --stack \w+/);
        equal(problem.includes("healthTimeout"), false);
    });

    it("is not hindered by a pod that serves and was restarted long ago", async () => {
        const both = { updatedReplicas: 2, replicas: 2, availableReplicas: 2 };
        const restarted = pod({ ready: true, restarts: 9, last: { exitCode: 1 } });
        const { result } = await outcomeOf((time) => ({
            deployment:
                time < 20 ? deployment({ ...both, availableReplicas: 1 }) : deployment(both),
            sets,
            pods: [restarted],
        }));
        deepEqual(result, { replicas: 2 });
    });

    it("says that the image cannot be pulled, once it failed several times", async () => {
        const message =
            `Back-off pulling image "${newImage}": ErrImagePull: failed to pull and unpack image ` +
            `"${newImage}": failed to resolve reference: unexpected status from HEAD request to ` +
            "https://quay.io/v2/acme/web/manifests/sha256: 401 UNAUTHORIZED";
        const waiting = { reason: "ImagePullBackOff", message };
        const { problem, seconds } = await outcomeOf(failing(pod({ waiting })));
        ok(problem.includes(`cannot pull its image: ${message}`), problem);
        equal(seconds, 45);
    });

    it("waits on where an image is pulled at a later try", async () => {
        const waiting = { reason: "ErrImagePull", message: "i/o timeout" };
        const done = deployment({ updatedReplicas: 2, replicas: 2, availableReplicas: 2 });
        const { result } = await outcomeOf((time) =>
            time < 40
                ? failing(pod({ waiting }))()
                : time < 50
                  ? failing(pod({ ready: false }))()
                  : { deployment: done },
        );
        deepEqual(result, { replicas: 2 });
    });

    it("shows the end of the output and the exit code of a service that crashes", async () => {
        const crashed = pod({
            restarts: 3,
            waiting: {
                reason: "CrashLoopBackOff",
                message: "back-off 40s restarting failed container=service pod=web-dev",
            },
            last: { exitCode: 1, reason: "Error" },
        });
        const previous = "INFO starting\nModuleNotFoundError: No module named 'torch'\u001b[31m\n";
        const { problem, seconds } = await outcomeOf(failing(crashed, { logs: { previous } }));
        match(problem, /The service crashes in the pod web-dev-6d4cf56db6-x2x4k \(3 times\)/);
        match(problem, /exit code 1\.\nThe end of its output:\n {4}INFO starting\n {4}Module/);
        ok(problem.includes(String.raw`'torch'\u{1b}[31m`), "an escape sequence is printed");
        equal(seconds, 10);
    });

    it("says that a service used too much memory", async () => {
        const killed = pod({ restarts: 2, last: { exitCode: 137, reason: "OOMKilled" } });
        const { problem } = await outcomeOf(failing(killed));
        match(problem, /\(2 times\): it used more memory than its limit\.$/m);
    });

    it("tolerates a service that crashes once", async () => {
        const crashed = pod({ restarts: 1, last: { exitCode: 1, reason: "Error" } });
        const { seconds } = await outcomeOf(failing(crashed));
        equal(seconds, rollout.timeout);
    });

    it("says that a container cannot start as its user is root", async () => {
        const message =
            'container has runAsNonRoot and image will run as root (pod: "web-dev-6d4cf56db6-x2x4k' +
            '_alice-dev(0b1c)", container: service)';
        const waiting = { reason: "CreateContainerConfigError", message };
        const { problem } = await outcomeOf(failing(pod({ waiting })));
        ok(problem.includes(`cannot start: ${message}`), problem);
    });

    it("says what the probe got and what the service printed, once the time is up", async () => {
        const probe =
            'Startup probe failed: Get "http://10.244.0.9:8080/health": dial tcp 10.244.0.9:8080: ' +
            "connect: connection refused";
        const { problem, seconds } = await outcomeOf(
            failing(pod({ ready: false }), {
                events: [event("Back-off"), event(probe)],
                logs: { current: "Loading the model\n" },
            }),
        );
        match(problem, /Not all pods served within 60 seconds\. The pod \S+ is not ready: Startup/);
        ok(problem.includes(probe), problem);
        ok(problem.includes("The end of its output:\n    Loading the model"), problem);
        match(problem, /pulumi config set --path mlops:cluster\.healthTimeout SECONDS/);
        equal(seconds, 60);
    });

    it("has more time after each pod that serves", async () => {
        const { seconds } = await outcomeOf((time) => ({
            deployment: progressing,
            sets: [
                replicaSet({
                    revision: 3,
                    image: newImage,
                    hash: "6d4cf56db6",
                    available: time < 50 ? 0 : 1,
                }),
            ],
            pods: [pod({ ready: false })],
        }));
        equal(seconds, 50 + rollout.timeout);
    });

    it("says that no node has room, once the time is up", async () => {
        const message =
            "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: " +
            "3 No preemption victims found for incoming pod.";
        const { problem } = await outcomeOf(failing(pod({ unscheduled: message })));
        ok(problem.includes(`No node has room for the pod web-dev-6d4cf56db6-x2x4k: ${message}`));
    });

    const refusals: [what: string, message: string, expected: RegExp, seconds?: number][] = [
        [
            "the quota has no room",
            'pods "web-dev-6d4cf56db6-t4v8z" is forbidden: exceeded quota: compute, requested: ' +
                "limits.memory=512Mi, used: limits.memory=14Gi, limited: limits.memory=14Gi",
            /no room for the pods in the namespace's quota: exceeded quota: compute, requested/,
            45,
        ],
        [
            "Pod Security forbids the pods",
            'pods "web-dev-6d4cf56db6-t4v8z" is forbidden: violates PodSecurity ' +
                '"restricted:latest": allowPrivilegeEscalation != false (container "service" must ' +
                "set securityContext.allowPrivilegeEscalation=false)",
            /Pod Security forbids the pods: violates PodSecurity "restricted:latest": allowPriv/,
        ],
        [
            "an admission webhook refuses the pods",
            'admission webhook "validate.kyverno.svc-fail" denied the request: no team label',
            /The cluster refuses the pods: admission webhook "validate/,
        ],
    ];
    for (const [what, message, expected, lasts = 10] of refusals) {
        it(`says that ${what}`, async () => {
            const refused = replicaSet({
                revision: 3,
                image: newImage,
                hash: "6d4cf56db6",
                available: 0,
                conditions: conditions({ ReplicaFailure: message }),
            });
            const { problem, seconds } = await outcomeOf(() => ({
                deployment: progressing,
                sets: [refused, ...sets.slice(1)],
                pods: [oldPod],
            }));
            match(problem, expected);
            equal(seconds, lasts);
        });
    }

    it("has the cluster try again to create pods that it refused, until it does", async () => {
        const refused = replicaSet({
            revision: 3,
            image: newImage,
            hash: "6d4cf56db6",
            available: 0,
            conditions: conditions({ ReplicaFailure: "exceeded quota: compute" }),
        });
        const done = deployment({ updatedReplicas: 2, replicas: 2, availableReplicas: 2 });
        const { result, retries } = await outcomeOf((time) =>
            time < 12 ? { deployment: progressing, sets: [refused] } : { deployment: done },
        );
        deepEqual(result, { replicas: 2 });
        deepEqual(
            retries,
            [0, 5, 10].map((second) => {
                const time = new Date(second * 1000).toISOString();
                return `annotate deployment web-dev mlops/tried-again=${time} --overwrite`;
            }),
        );
    });

    it("finds the service's container beside those that the cluster adds", async () => {
        const waiting = { reason: "ImagePullBackOff", message: "401 UNAUTHORIZED" };
        const { problem } = await outcomeOf(failing(pod({ waiting, sidecar: true })));
        match(problem, /cannot pull its image: 401 UNAUTHORIZED/);
    });

    it("has nothing to do with the pods and the refusal of former versions", async () => {
        const crashing = pod({ hash: "5b9c8d7f44", restarts: 9, last: { exitCode: 1 } });
        const refused = replicaSet({
            revision: 2,
            image: oldImage,
            hash: "5b9c8d7f44",
            available: 0,
            conditions: conditions({ ReplicaFailure: "exceeded quota: compute" }),
        });
        const { problem, seconds } = await outcomeOf(() => ({
            deployment: progressing,
            sets: [...sets.slice(0, 1), refused],
            pods: [crashing],
        }));
        equal(seconds, rollout.timeout);
        match(problem, /0 of 2 new pods serve/);
    });

    it("says that the cluster cannot be asked, after it had time to come back", async () => {
        const error = 'error: context "sandbox" does not exist';
        const { problem, seconds } = await outcomeOf(() => ({ error }));
        ok(problem.includes(`The cluster cannot be asked: ${error}`), problem);
        equal(seconds, 10);
    });

    it("goes on where the cluster could not be asked for a while", async () => {
        const done = deployment({ updatedReplicas: 2, replicas: 2, availableReplicas: 2 });
        const { result } = await outcomeOf((time) =>
            time < 5 ? { error: "connection refused" } : { deployment: done },
        );
        deepEqual(result, { replicas: 2 });
    });

    it("does not hide a mistake of its own", async () => {
        await rejects(
            outcomeOf(() => ({ deployment: { kind: "Deployment" } })),
            /metadata/,
        );
    });

    describe("that failed", () => {
        const broken = pod({ waiting: { reason: "InvalidImageName", message: "invalid" } });

        it("says which version goes on serving, and changes nothing", async () => {
            const { problem, changes } = await outcomeOf(failing(broken));
            ok(problem.includes(`The former version goes on serving: ${oldImage}`), problem);
            deepEqual(changes, []);
        });

        it("names the objects, and the command that tells more", async () => {
            const { problem } = await outcomeOf(failing(broken));
            match(problem, /^The rollout of web-dev in the namespace alice-dev failed\./);
            match(problem, /kubectl --context sandbox --namespace alice-dev describe deployment/);
        });

        it("rolls back to the newest version that serves, and says so", async () => {
            const versions = [
                ...sets,
                replicaSet({ revision: 1, image: "ancient", hash: "1", available: 1 }),
                replicaSet({ revision: 10, image: "broken", hash: "10", available: 0 }),
            ];
            const { problem, changes } = await outcomeOf(failing(broken, { sets: versions }), {
                onFailure: "rollBack",
            });
            deepEqual(changes, ["rollout undo deployment/web-dev --to-revision=2"]);
            ok(problem.includes(`Rolled back. The former version goes on serving: ${oldImage}`));
            match(problem, /cannot pull its image/);
        });

        it("says that there is nothing to roll back to at the first release", async () => {
            const { problem, changes } = await outcomeOf(
                failing(broken, { sets: sets.slice(0, 1) }),
                { onFailure: "rollBack" },
            );
            match(problem, /No version serves\./);
            deepEqual(changes, []);
        });

        it("says that it could not be rolled back", async () => {
            const undoError = 'deployments.apps "web-dev" is forbidden';
            const { problem } = await outcomeOf(failing(broken, { undoError }), {
                onFailure: "rollBack",
            });
            ok(problem.includes(`It could not be rolled back: ${undoError}`), problem);
        });
    });

    it("is no success where only its variables were rolled back", async () => {
        const done = { updatedReplicas: 2, replicas: 2, availableReplicas: 2 };
        const { problem } = await outcomeOf(() => ({
            deployment: deployment({ ...done, release: "former" }),
            sets,
        }));
        ok(problem.includes(`another release, of the image ${newImage}`), problem);
    });

    it("is no success where the Deployment was rolled back before", async () => {
        const done = { updatedReplicas: 2, replicas: 2, availableReplicas: 2 };
        const { problem, changes } = await outcomeOf(
            () => ({ deployment: deployment({ ...done, image: oldImage }), sets }),
            { onFailure: "rollBack" },
        );
        ok(problem.includes(`another release, of the image ${oldImage}`), problem);
        match(problem, /pulumi refresh --stack \w+, then pulumi up --stack \w+/);
        deepEqual(changes, []);
    });
});
