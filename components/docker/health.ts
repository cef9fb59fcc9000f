/** Asks a container whether its service is healthy. */
import { execFile } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { getStack } from "@pulumi/pulumi";
import { z } from "zod";
import { hintsFor } from "./symptoms.ts";
import { setCommand } from "../messages/shell.ts";
import { foreign, shorten, visible } from "../../quay/api/text.ts";

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
            const ExitCode = await nextExitCode(container);
            const code = ExitCode === undefined ? "" : `, exit code ${String(ExitCode)}`;
            const what = `has crashed and was restarted (${String(restarts)} times${code})`;
            const crashed = { ...state, ExitCode: ExitCode ?? state.ExitCode };
            return { problem: await explain(question, { ...description, State: crashed }, what) };
        }
        const { isHealthy, checked } = await check(question, description);
        if (isHealthy) return { checked };
        if (Date.now() > deadline) {
            const what = `was not healthy within ${String(timeout)} seconds: ${checked}`;
            return { problem: await explain(question, description, what, true) };
        }
        await delay(200);
    }
}

/**
 * Waits for a container's next end, at most five seconds: Docker has an exit code only until the
 * container restarts. Returns undefined if it runs on.
 */
async function nextExitCode(container: string): Promise<number | undefined> {
    return run("docker", ["wait", container], { timeout: 5_000 }).then(
        ({ stdout }) => Number(stdout),
        () => undefined,
    );
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
export function isEngineElsewhere(): boolean {
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
                ? foreign(String(error.stderr))
                : foreign(String(error));
        return (
            `The container ${container} cannot be inspected (${reason}). ` +
            `If it is gone, this makes it again: pulumi up --refresh -s ${getStack()}`
        );
    }
}

/**
 * Returns the problem with the end of the container's output and what to do.
 *
 * @param isLate whether the service runs but is not healthy in time, rather than crashes.
 */
async function explain(
    question: HealthQuestion,
    { Name, State: state }: Description,
    problem: string,
    isLate = false,
): Promise<string> {
    const name = Name.replace(/^\//, "");
    const { stdout, stderr } = await run("docker", ["logs", "--tail", "15", name]).catch(() => ({
        stdout: "",
        stderr: "",
    }));
    const output = `${stdout}${stderr}`.trimEnd();
    const check = foreign(state.Health?.Log?.at(-1)?.Output ?? "");
    const advice = [
        ...hintsFor({
            output,
            isOutOfMemory: state.OOMKilled,
            exitCode: state.ExitCode,
            isUnhealthy: isLate && state.Health != null && question.path === undefined,
        }),
        ...(isLate ? await portHints(question) : []),
        ...(isLate && question.timeoutSetting !== undefined
            ? [`If it only needs longer: ${setCommand(question.timeoutSetting, "SECONDS")}`]
            : []),
    ];
    return [
        `The container ${name} ${problem}.`,
        ...(check !== "" ? [`Its last health check said: ${check}`] : []),
        "The end of its output:",
        ...output.split("\n").map((line) => `    ${visible(shorten(line, 1000))}`),
        ...advice,
        `More: docker logs ${name}; docker inspect ${name}`,
        "Then fix the service or its configuration, and run `up` again.",
    ].join("\n");
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
