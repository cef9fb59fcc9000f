/** Shows the whole chain on this machine, in minutes and without an account: `make demo`. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify, styleText } from "node:util";
import { answerOf } from "../answer.ts";
import { hasCluster } from "../cluster/cluster.ts";
import { runCommand } from "../../operations/commandLine.ts";
import { Chain, type EnvironmentName, environments } from "./chain.ts";

const usage = `Shows the whole chain on this machine: dev, staging, prod, a rollback and a rotation.

  node sandbox/demo/main.ts

  --help   this text

Press Ctrl-C to stop it and remove everything that it has created.`;

await runCommand({ usage, options: {} }, demonstrate);

async function demonstrate(): Promise<void> {
    const started = Date.now();
    const log: string[] = [];
    let interruption: NodeJS.Signals | undefined;
    const abort = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
        // `on` instead of `once`: Pulumi's SDK ends the process at once if it is the only listener.
        process.on(signal, () => {
            if (interruption !== undefined) return;
            interruption = signal;
            process.exitCode = 128 + constants.signals[signal];
            console.error("\nInterrupted: ends what is running, then removes everything.");
            // The terminal sends Ctrl-C to the commands too. Pulumi treats a second signal as "at
            // once".
            if (signal !== "SIGINT" || !process.stdin.isTTY) abort.abort();
        });
    }
    // Ignore output to a closed terminal or to a program that has ended.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

    const work = realpathSync(mkdtempSync(join(tmpdir(), "mlops-demo-")));
    const service = join(work, "service");
    cpSync(join(import.meta.dirname, "../../service"), service, { recursive: true });
    const onCluster = hasCluster();
    const chain = await Chain.create({
        service,
        onCluster,
        onOutput: (text) => void log.push(text),
        signal: abort.signal,
    });
    let container: string | undefined;

    async function removeAll(): Promise<void> {
        if (container !== undefined)
            await promisify(execFile)("docker", ["rm", "--force", container]);
        await chain.remove();
        rmSync(work, { recursive: true, force: true });
    }

    /** Throws after an interruption, so that nothing more is started. */
    function throwIfInterrupted(): void {
        if (interruption !== undefined) throw new Error(interruption);
    }

    function step(title: string): void {
        throwIfInterrupted();
        const seconds = ((Date.now() - started) / 1000).toFixed(0).padStart(4);
        console.log(`\n${styleText("bold", title)}  ${styleText("dim", `${seconds} s`)}`);
    }

    /** Runs `pulumi up`, and prints its changes in one line. */
    async function up(environment: EnvironmentName, why: string): Promise<void> {
        throwIfInterrupted();
        process.stdout.write(`  pulumi up -s ${environment.padEnd(10)} ${why}: `);
        const { changes } = await chain.up(environment);
        const { same = 0, ...others } = changes;
        const counts = Object.entries(others).map(
            ([operation, count]) => `${String(count)} ${operation}`,
        );
        const { version, digest } = chain.outputs(environment);
        console.log(
            `${counts.join(", ") || "nothing to do"}, ${String(same)} same → ` +
                `${version.slice(0, 16)} ` +
                digest.slice(7, 19),
        );
    }

    async function release(environment: EnvironmentName, version: string): Promise<void> {
        await chain.set(environment, "service.version", version);
        console.log(`  mlops:service.version   ${version}`);
    }

    try {
        step("A Quay, a registry and a GitHub on this machine");
        console.log(`  Quay ${chain.quay.url}   GitHub ${chain.github.url}/alice/MLOpsPython`);

        console.log(
            onCluster
                ? "  A Kubernetes cluster of one node, with a namespace for each environment"
                : "  Running on a cluster is left out. As root: toolchain/setup.sh cluster",
        );

        step(
            "dev builds its first image, 1.0.0; staging and prod get the same image by its digest",
        );
        await up("dev", "repository, robot, image, secrets, workflow");
        await up("staging", "promoted, not built");
        await up("prod", "promoted, protected, with a reviewer");

        step("A push: GitHub's workflow builds the commit, and dev follows it");
        const run = await chain.push({ "CHANGES.md": "A change.\n" }, "A change");
        if (!run.succeeded) throw new Error(run.output);
        console.log(`  git push                sha-${run.commit.slice(0, 12)} is published`);
        await up("dev", "follows the branch");

        step("A git tag makes 1.1.0 of it: it goes to staging, then to prod, one line each");
        const tagged = await chain.pushTag("v1.1.0");
        if (!tagged.succeeded) throw new Error(tagged.output);
        console.log("  git push origin v1.1.0  the same image is named 1.1.0");
        for (const environment of ["staging", "prod"] as const) {
            await release(environment, "1.1.0");
            await up(environment, "released");
        }

        step("prod goes back: the same line with the version before");
        await release("prod", "1.0.0");
        await up("prod", "rolled back");

        step("prod's robot gets new credentials; GitHub has them before the old ones end");
        const before = chain.repository.secrets("prod")["QUAY_USER"];
        await chain.set("prod", "quay.rotation", "1");
        await up("prod", "rotated");
        console.log(
            `  QUAY_USER ${before ?? ""} → ${chain.repository.secrets("prod")["QUAY_USER"] ?? ""}`,
        );

        step(
            "Another machine pulls prod's image by its digest, with the credentials that GitHub " +
                "holds, and runs it",
        );
        const { image } = chain.outputs("prod");
        await chain.logIn("prod");
        await chain.docker("pull", image);
        const variables = [
            "OAUTH2_ISSUER=https://issuer.invalid/",
            "OAUTH2_AUDIENCE=demo",
            "OAUTH2_JWKS_URI=jwks.json",
        ];
        container = await chain.docker(
            "run",
            "--detach",
            "--publish",
            "127.0.0.1::8080",
            ...variables.flatMap((one) => ["--env", one]),
            image,
        );
        const address = await chain.docker("port", container, "8080/tcp");
        console.log(
            `  http://${address}/health answers: ` +
                (await answerOf(`http://${address}/health`).catch(async (error: unknown) => {
                    const logs = await chain.docker("logs", String(container));
                    throw new Error(`${String(error)}:\n${logs}`);
                })),
        );

        if (onCluster) {
            step("Each environment runs its version on the cluster");
            for (const environment of environments) {
                const url = `${await chain.serviceUrl(environment)}/health`;
                console.log(`  ${environment.padEnd(8)} ${url} answers: ${await answerOf(url)}`);
            }
        }

        step("What each environment has");
        console.log(
            (await chain.run(process.execPath, "operations/board/main.ts", ...environments))
                .trimEnd()
                .replaceAll(/^/gm, "  "),
        );
        step("Done, and everything is removed again");
    } catch (error) {
        if (interruption === undefined) {
            console.error(log.slice(-200).join(""));
            console.error(error);
            process.exitCode = 1;
        }
    } finally {
        await removeAll();
    }
}
