import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deployment, newImage, pod, replicaSet } from "../../unit/components/kubernetes/samples.ts";
import { localState } from "../../unit/operations/states.ts";
import { Commands } from "./commands.ts";

const recorded = join(import.meta.dirname, "../../unit/operations/fixtures/cluster.json");
const place = "--context sandbox --namespace digits";
const lines = "[pod/digits-local-6d4cf56db6-x2x4k/service] GET /health";

describe("make logs", () => {
    let commands: Commands;
    beforeEach(() => {
        commands = new Commands();
        state(readFileSync(recorded, "utf8"));
    });
    afterEach(() => {
        commands.remove();
    });

    function state(content: string): void {
        commands.install("pulumi", `cat ${commands.file("state.json", content)}`);
    }
    function cluster(now: object, owned: object[], logs = `echo '${lines}'`): void {
        commands.install(
            "kubectl",
            `case "$*" in
            *" get deployment "*) cat ${commands.file("deployment.json", now)} ;;
            *" get replicasets,pods "*) cat ${commands.file("owned.json", { items: owned })} ;;
            *" logs "*" --prefix "*) ${logs} ;;
            esac`,
        );
    }
    const done = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

    for (const [args, last] of [
        [[], ""],
        [["--follow"], " --follow"],
    ] as const) {
        it(`prints those of all pods of the service ${args.join("")}`, async () => {
            cluster(deployment(done), []);
            deepEqual(await commands.run("logs.ts", "dev", ...args), {
                code: 0,
                stdout: `${lines}\n`,
                stderr: "",
            });
            const selector = "--selector=app.kubernetes.io/name=digits-local";
            equal(
                commands.asked("kubectl").at(-1),
                `${place} logs ${selector} --prefix --tail=-1 --ignore-errors --max-log-requests=1000${last}`,
            );
        });
    }

    it("says first why the pods are not healthy", async () => {
        cluster(deployment({ ...done, availableReplicas: 1 }), [
            replicaSet({ revision: 3, image: newImage, hash: "n", available: 1 }),
            pod({ hash: "n", waiting: { reason: "ErrImagePull", message: "401" } }),
        ]);
        deepEqual(await commands.run("logs.ts", "dev"), {
            code: 0,
            stdout: `${lines}\n`,
            stderr: "digits-local is not healthy: The pod web-dev-n-x2x4k cannot pull its image: 401\n",
        });
    });

    it("says why the cluster cannot be asked", async () => {
        const reason = 'error: context "sandbox" does not exist';
        commands.install("kubectl", `echo '${reason}' >&2; exit 1`);
        deepEqual(await commands.run("logs.ts", "dev"), {
            code: 1,
            stdout: "",
            stderr: `The pods of digits-local in the namespace digits (sandbox) cannot be read: ${reason}\n`,
        });
    });

    it("fails if the logs cannot be read", async () => {
        cluster(deployment(done), [], "echo forbidden >&2; exit 1");
        deepEqual(await commands.run("logs.ts", "dev"), {
            code: 1,
            stdout: "",
            stderr: "forbidden\nkubectl logs failed: see above.\n",
        });
    });

    it("ends kubectl, too, where it is interrupted while it follows", async () => {
        // The stand-in ends its parent, and then waits for its own end.
        const follow = `trap 'echo ended; exit 130' INT; kill -INT $PPID; while :; do sleep 0.1; done`;
        cluster(deployment(done), [], follow);
        const { code, stdout } = await commands.run("logs.ts", "dev", "--follow");
        deepEqual([code, stdout], [0, "ended\n"]);
    });

    describe("of a stack on a Docker engine", () => {
        beforeEach(() => {
            state(JSON.stringify(localState("digits-1a2b3c")));
        });
        function engine(status: string, exitCode: number): void {
            const inspected = commands.file("inspected", { Status: status, ExitCode: exitCode });
            commands.install(
                "docker",
                `case $1 in container) cat ${inspected} ;; logs) echo "logs of $*" ;; esac`,
            );
        }

        it("prints those of the service's container, not of the identity provider's", async () => {
            engine("running", 0);
            deepEqual(await commands.run("logs.ts", "local", "--follow"), {
                code: 0,
                stdout: "logs of logs --follow digits-1a2b3c\n",
                stderr: "",
            });
        });

        it("says first that the container does not run", async () => {
            engine("exited", 3);
            deepEqual(await commands.run("logs.ts", "local"), {
                code: 0,
                stdout: "logs of logs digits-1a2b3c\n",
                stderr: "The service does not run: its container is exited (exit code 3).\n",
            });
        });

        it("says that the container is gone", async () => {
            const words = "Error response from daemon: No such container: digits-1a2b3c";
            commands.install("docker", `echo '${words}' >&2; exit 1`);
            deepEqual(await commands.run("logs.ts", "local"), {
                code: 1,
                stdout: "",
                stderr:
                    'The container digits-1a2b3c of the stack "local" was not found on this Docker ' +
                    "engine. This creates it again: make up STACK=local\n",
            });
        });

        it("says why the engine cannot be asked", async () => {
            const words =
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. " +
                "Is the docker daemon running?";
            commands.install("docker", `echo '${words}' >&2; exit 1`);
            deepEqual(await commands.run("logs.ts", "local"), {
                code: 1,
                stdout: "",
                stderr:
                    'The container digits-1a2b3c of the stack "local" cannot be inspected: ' +
                    `${words}\n`,
            });
        });
    });

    const withoutService = {
        "that has nothing": "echo '{\"deployment\": {}}'",
        "that no `up` has created": `echo "error: no stack named 'dev' found" >&2; exit 255`,
    };
    for (const [what, script] of Object.entries(withoutService))
        it(`says that a stack ${what} runs no service`, async () => {
            commands.install("pulumi", script);
            deepEqual(await commands.run("logs.ts", "dev"), {
                code: 1,
                stdout: "",
                stderr:
                    'The stack "dev" runs no service, neither on a cluster nor on a Docker engine. ' +
                    "What it has: make board STACKS=dev\n",
            });
        });
});
