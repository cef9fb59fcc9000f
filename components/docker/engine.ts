import { execFile } from "node:child_process";
import { connect, createServer } from "node:net";
import { posix } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { getProject, getStack } from "@pulumi/pulumi";
import { z } from "zod";

const run = promisify(execFile);

const containerDescription = z.object({
    Name: z.string(),
    RestartCount: z.number(),
    State: z.object({
        Status: z.string(),
        ExitCode: z.number(),
        OOMKilled: z.boolean(),
        Health: z
            .object({
                Status: z.string(),
                Log: z.array(z.object({ Output: z.string() })).nullish(),
            })
            .nullish(),
    }),
});
type Description = z.infer<typeof containerDescription>;

/** How the health of a container's service is checked. */
export interface HealthQuestion {
    /** The container, by id or name. */
    readonly container: string;
    /** The port that the service listens on in the container; undefined where it has none. */
    readonly port?: number | undefined;
    /** The port of this machine, on loopback, that is published for it; undefined if none. */
    readonly publishedPort?: number | undefined;
    /** The path that answers with a success status once the service is healthy. */
    readonly path?: string | undefined;
    /** How long the service may take to become healthy, in seconds. */
    readonly timeout: number;
    /** The configuration key of the time-out, for the message. */
    readonly timeoutSetting?: string | undefined;
}

/** What was checked of a healthy container, or the problem of an unhealthy one. */
export type HealthAnswer = { readonly checked: string } | { readonly problem: string };

/**
 * Waits until a service is healthy. With a path, the path has to answer with a success status.
 * Without one, the HEALTHCHECK, if any, has to report healthy, and the port, if any, has to answer.
 * Uses the Docker engine of the `docker` command. Where that engine is on another machine, or no
 * port is published, it is enough that the service listens on its port.
 */
export async function askForHealth(question: HealthQuestion): Promise<HealthAnswer> {
    const { container, timeout } = question;
    const deadline = Date.now() + timeout * 1000;
    let restartsBefore: number | undefined;
    let crashed: number | undefined;
    for (;;) {
        const description = await describe(container);
        if (typeof description === "string") return { problem: description };
        const { State: state, RestartCount: restarts } = description;
        restartsBefore ??= restarts;
        // Check for crashes first: a crashed service does not answer either.
        if (state.Status !== "running") {
            const how = `(${state.Status}, exit code ${String(state.ExitCode)})`;
            return { problem: await explain(question, description, `is not running ${how}`) };
        }
        if (restarts > restartsBefore) {
            // Docker has the exit code only until the container restarts: wait for the next crash.
            crashed ??= Date.now();
            if (Date.now() > crashed + 5000) {
                const what = `has crashed and was restarted (${String(restarts)} times)`;
                return { problem: await explain(question, description, what) };
            }
            await delay(20);
            continue;
        }
        const { isHealthy, checked } = await check(question, description);
        if (isHealthy) return { checked };
        if (Date.now() > deadline) {
            const what = `was not healthy within ${String(timeout)} seconds: ${checked}`;
            return { problem: await explain(question, description, what) };
        }
        await delay(200);
    }
}

/** Checks once. `checked` is the result as a clause, positive or negative. */
async function check(
    question: HealthQuestion,
    { State: { Health: health } }: Description,
): Promise<{ isHealthy: boolean; checked: string }> {
    const { container, port, publishedPort, path } = question;
    const canAsk = publishedPort !== undefined && !isEngineElsewhere();
    if (path !== undefined && canAsk) {
        const status = await statusOf(`http://127.0.0.1:${String(publishedPort)}${path}`);
        const isHealthy = typeof status === "number" && status < 400;
        return { isHealthy, checked: `${path} answers ${String(status)}` };
    }
    if (health && health.Status !== "healthy")
        return { isHealthy: false, checked: `its HEALTHCHECK says ${health.Status}` };
    const alsoHealthy = health ? "its HEALTHCHECK says healthy" : undefined;
    if (port === undefined)
        return { isHealthy: true, checked: alsoHealthy ?? "it is running; it has no port to ask" };
    const [isHealthy, verb] = canAsk
        ? [await answers(publishedPort), "answer"]
        : [await listensOn(container, port), "listen"];
    const onPort = `${isHealthy ? `${verb}s` : `does not ${verb}`} on port ${String(port)}`;
    return {
        isHealthy,
        checked: alsoHealthy === undefined ? `it ${onPort}` : `${alsoHealthy}, and it ${onPort}`,
    };
}

/** Returns whether the Docker engine, and with it the published ports, is on another machine. */
function isEngineElsewhere(): boolean {
    const host = process.env["DOCKER_HOST"] ?? "";
    return host !== "" && !host.startsWith("unix://");
}

/** Returns the status of a GET request; "nothing" where there is no answer. */
async function statusOf(url: string): Promise<number | "nothing"> {
    try {
        const signal = AbortSignal.timeout(5_000);
        const response = await fetch(url, { redirect: "manual", signal });
        await response.body?.cancel();
        return response.status;
    } catch {
        return "nothing";
    }
}

/**
 * Returns whether a server on a port of this machine sends any data. Accepting a connection proves
 * nothing: Docker's proxy accepts connections for a container that does not listen.
 */
export async function answers(port: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = connect({ host: "127.0.0.1", port, timeout: 5_000 });
    socket.once("data", () => {
        resolve(true);
    });
    for (const event of ["error", "close", "timeout"]) {
        socket.once(event, () => {
            resolve(false);
        });
    }
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const answered = await promise;
    socket.destroy();
    return answered;
}

/** A socket that listens in a container. */
interface Listener {
    readonly port: number;
    /** Whether only the container itself can connect to it. */
    readonly isLoopback: boolean;
}

/** Returns whether a container listens on a port that can be reached from outside of it. */
async function listensOn(container: string, port: number): Promise<boolean> {
    const listeners = await findListeners(container);
    return listeners.some((listener) => listener.port === port && !listener.isLoopback);
}

/** Reads the kernel's socket tables in a container; empty where the image has no `cat`. */
async function findListeners(container: string): Promise<Listener[]> {
    const { stdout } = await run("docker", [
        ...["exec", container, "cat", "/proc/net/tcp", "/proc/net/tcp6"],
    ]).catch(() => ({ stdout: "" }));
    return parseListeners(stdout);
}

/** @param table as in /proc/net/tcp (https://man7.org/linux/man-pages/man5/proc_pid_net.5.html). */
export function parseListeners(table: string): Listener[] {
    const listening = "0A";
    return table.split("\n").flatMap((line) => {
        const [, local = "", , state] = line.trim().split(/\s+/);
        const [address = "", port = ""] = local.split(":");
        if (state !== listening) return [];
        // 127.0.0.0/8, with bytes in the host's order, and ::1.
        const isLoopback = /^.{6}7F$/.test(address) || /^0{24}01000000$/.test(address);
        return [{ port: Number.parseInt(port, 16), isLoopback }];
    });
}

/** Returns the output of `docker container inspect`, or a message that says why it failed. */
async function describe(container: string): Promise<Description | string> {
    try {
        const format = ["--format", "{{json .}}"];
        const { stdout } = await run("docker", ["container", "inspect", ...format, container]);
        return containerDescription.parse(JSON.parse(stdout));
    } catch (error) {
        const reason =
            error instanceof Error && "stderr" in error
                ? String(error.stderr).trim()
                : String(error);
        return (
            `The container ${container} cannot be inspected (${reason}). ` +
            `If it is gone, this makes it again: pulumi up --refresh -s ${getStack()}`
        );
    }
}

/** Returns the problem with the end of the container's output and what to do. */
async function explain(
    question: HealthQuestion,
    { Name, State: state }: Description,
    problem: string,
): Promise<string> {
    const name = Name.replace(/^\//, "");
    const { stdout, stderr } = await run("docker", ["logs", "--tail", "15", name]).catch(() => ({
        stdout: "",
        stderr: "",
    }));
    const output = `${stdout}${stderr}`.trimEnd();
    const check = state.Health?.Log?.at(-1)?.Output.trim();
    const isRunning = state.Status === "running";
    const advice = [
        ...hintsFor({
            output,
            isOutOfMemory: state.OOMKilled,
            exitCode: state.ExitCode,
            isUnhealthy: isRunning && state.Health != null && question.path === undefined,
        }),
        ...(isRunning ? await portHints(question) : []),
        ...(isRunning && question.timeoutSetting !== undefined
            ? [`If it only needs longer: ${setCommand(question.timeoutSetting, "SECONDS")}`]
            : []),
    ];
    return [
        `The container ${name} ${problem}.`,
        ...(check ? [`Its last health check said: ${check}`] : []),
        "The end of its output:",
        ...output.split("\n").map((line) => `    ${line}`),
        ...advice,
        `More: docker logs ${name}; docker inspect ${name}`,
        "Then fix the service or its configuration, and run `up` again.",
    ].join("\n");
}

function setCommand(setting: string, value: string): string {
    return `pulumi config set --path '${setting}' ${value} -s ${getStack()}`;
}

/** Returns a hint where the service listens on another port, or on loopback only. */
async function portHints({ container, port }: HealthQuestion): Promise<string[]> {
    if (port === undefined) return [];
    const listeners = await findListeners(container);
    if (listeners.some((listener) => listener.port === port && listener.isLoopback)) {
        return [
            `It listens on port ${String(port)} of 127.0.0.1, which only its own container ` +
                "reaches: have it listen on 0.0.0.0.",
        ];
    }
    const others = [
        ...new Set(listeners.filter(({ isLoopback }) => !isLoopback).map((other) => other.port)),
    ];
    return others.length === 0 || others.includes(port)
        ? []
        : [
              `It listens on port ${others.join(" and ")}, not on ${String(port)}: ` +
                  setCommand("mlops:service.port", String(others[0])),
          ];
}

/** How a container ended, and what it printed. */
export interface Ending {
    readonly output: string;
    readonly isOutOfMemory: boolean;
    readonly exitCode: number;
    /** Whether its HEALTHCHECK is the reason that it is unhealthy. Default: false. */
    readonly isUnhealthy?: boolean;
}

/** Patterns in a failed service's output, each with the setting that may fix the cause. */
const symptoms: readonly [symptom: RegExp, hint: () => string][] = [
    [
        /failed to map segment|\/tmp\/\S*.*(Operation not permitted|Permission denied)/i,
        () =>
            "Nothing can be loaded or run from /tmp; this allows it: " +
            setCommand("mlops:container.tmp.exec", "true"),
    ],
    [
        /Read-only file system|Errno 30\b|EROFS/i,
        () =>
            "The root file system is read-only. Write to /tmp, or name the folder: " +
            setCommand("mlops:container.writable[0]", "FOLDER"),
    ],
    [
        /\/dev\/shm|Bus error|shared memory|\bshm\b/i,
        () =>
            "Shared memory is limited; this gives more, in MiB: " +
            setCommand("mlops:container.shm", "512"),
    ],
    [
        /No space left on device|Errno 28\b|ENOSPC/i,
        () =>
            "A file system is full. Where it is /tmp, this gives it more, in MiB of memory: " +
            setCommand("mlops:container.tmp.size", "512"),
    ],
    [
        new RegExp(
            "(bind|listen|port|address|socket)\\b.*(Permission denied|EACCES|Errno 13)|" +
                "(Permission denied|EACCES|Errno 13\\b).*(bind|listen|port|address|socket)",
            "i",
        ),
        () =>
            "A port below 1024 needs root on some engines: have the service listen on one from " +
            "1024 up, as PORT names it, and set mlops:service.port",
    ],
    [
        /exec format error/i,
        () =>
            "The image is for another kind of processor: " +
            setCommand("mlops:service.platform", "linux/amd64"),
    ],
];

/** Returns the settings that may fix a failed service, from its output and exit code. */
export function hintsFor({
    output,
    isOutOfMemory,
    exitCode,
    isUnhealthy = false,
}: Ending): string[] {
    const hints = symptoms.filter(([symptom]) => symptom.test(output)).map(([, hint]) => hint());
    if (isOutOfMemory || exitCode === 137) {
        hints.unshift(
            "It was killed, mostly for using more memory than it may; this gives more, in MiB: " +
                setCommand("mlops:local.memory", "2048"),
        );
    }
    if (isUnhealthy) {
        hints.push(
            "Where the HEALTHCHECK itself is wrong, this asks the service instead: " +
                setCommand("mlops:service.healthPath", "/PATH"),
        );
    }
    return hints;
}

/**
 * Returns the folders of the image that a container has written to, without those in memory or in a
 * volume, /tmp, files that Docker adds, and Python's caches, which Python does not need.
 */
export async function findWrittenFolders(container: string): Promise<string[]> {
    const { stdout } = await run("docker", ["diff", container]).catch(() => ({ stdout: "" }));
    return writtenFolders(stdout);
}

/** @param diff the output of `docker diff`: `A /path`, `C /path`, `D /path`. */
export function writtenFolders(diff: string): string[] {
    const changes = diff
        .split("\n")
        .map((line): [kind: string, path: string] => [line.slice(0, 1), line.slice(2)])
        .filter(([, path]) => path !== "");
    const added = new Set(changes.filter(([kind]) => kind === "A").map(([, path]) => path));
    const parents = new Set(changes.map(([, path]) => posix.dirname(path)));
    // A folder with changes in it is itself listed as changed.
    const folders = changes
        .filter(([kind, path]) => kind !== "C" || !parents.has(path))
        .filter(([, path]) => !/\/__pycache__(\/|$)|\.pyc$|^\/tmp(\/|$)|\/docker-init$/.test(path))
        .map(([, path]) => posix.dirname(path))
        .filter((folder) => !added.has(folder));
    return [...new Set(folders)].sort();
}

/**
 * Checks whether another program or container on this machine uses a port. Does nothing where the
 * Docker engine is on another machine: the engine itself then reports a taken port.
 *
 * @param owner the value of {@link ownerLabel} of the container that may use the port.
 * @param setting the configuration key of the port, for the message.
 * @returns undefined where the port is free or used by its owner; otherwise what uses it and what
 * to do.
 */
export async function findPortProblem(
    port: number,
    owner: string,
    setting?: string,
): Promise<string | undefined> {
    if (isEngineElsewhere()) return undefined;
    const refusal = await tryToListen(port);
    if (refusal === undefined) return undefined;
    const another =
        setting === undefined
            ? "."
            : `: pulumi config set --path ${setting} ` +
              `${String(port < 65535 ? port + 1 : 8080)} -s ${getStack()}`;
    if (refusal === "EACCES")
        return (
            `Port ${String(port)} of this machine may not be used without more rights ` +
            `(EACCES). Take one from 1024 up${another}`
        );
    const [holder, container] = await findContainer(`publish=${String(port)}`);
    if (holder === owner) return undefined;
    // A container that keeps restarting publishes its port only while it runs.
    if (holder === undefined && (await isBoundBy(owner, port))) return undefined;
    const stop = container
        ? `docker stop ${container}`
        : `to see which: lsof -iTCP:${String(port)} -sTCP:LISTEN`;
    return (
        `Port ${String(port)} of this machine is taken by ` +
        `${container ? `the container ${container}` : "another program"}. ` +
        `Stop it (${stop}), or take another port${another}`
    );
}

/** Returns whether a running or restarting container of the owner publishes the port. */
async function isBoundBy(owner: string, port: number): Promise<boolean> {
    const states = ["--filter", "status=running", "--filter", "status=restarting"];
    const owned = ["--filter", `label=${ownerLabel}=${owner}`];
    const format = "{{json .HostConfig.PortBindings}}";
    try {
        const { stdout } = await run("docker", ["ps", "--quiet", ...owned, ...states]);
        const ids = stdout.split("\n").filter((id) => id !== "");
        if (ids.length === 0) return false;
        const bindings = await run("docker", ["container", "inspect", "--format", format, ...ids]);
        return bindings.stdout.includes(`"HostPort":"${String(port)}"`);
    } catch {
        return false;
    }
}

/**
 * Returns the owner and the name of a container that matches all filters; an empty array where
 * there is none, or no Docker engine.
 */
async function findContainer(
    ...filters: readonly string[]
): Promise<[owner: string, name: string] | []> {
    const options = filters.flatMap((filter) => ["--filter", filter]);
    const format = `{{.Label "${ownerLabel}"}}|{{.Names}}`;
    const { stdout } = await run("docker", ["ps", ...options, "--format", format]).catch(() => ({
        stdout: "",
    }));
    const [owner = "", name] = stdout.trim().split("|");
    return name === undefined ? [] : [owner, name];
}

/** The label of a container that names its stack and service: `project/stack/name`. */
export const ownerLabel = "mlops.service";

/** Returns the value of {@link ownerLabel} for a service of this stack. */
export function ownerOf(name: string): string {
    return `${getProject()}/${getStack()}/${name}`;
}

/** Listens on a port for a moment. Returns undefined where that works, else the error's code. */
async function tryToListen(port: number): Promise<string | undefined> {
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    server.once("error", (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
    });
    server.listen(port, "127.0.0.1", () => {
        server.close(() => {
            resolve(undefined);
        });
    });
    return promise;
}
