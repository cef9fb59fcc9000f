/** What stands in for the actions that workflows use: it does the same on this machine. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** An action's inputs, and where it runs. */
export interface ActionCall {
    readonly inputs: Readonly<Record<string, string>>;
    /** The environment of the step. */
    readonly env: Readonly<Record<string, string | undefined>>;
    /** The job's working directory. */
    readonly workspace: string;
    /** Has something done after the job's last step. */
    readonly atEnd: (post: () => Promise<void>) => void;
}

/** Runs an action. @returns its outputs; @throws Error where it fails */
export type Action = (call: ActionCall) => Promise<Readonly<Record<string, string>>>;

/** Runs a command in the workspace. @returns what it printed */
async function command(call: ActionCall, name: string, ...args: string[]): Promise<string> {
    const { workspace: cwd, env } = call;
    const { stdout } = await promisify(execFile)(name, args, { cwd, env, maxBuffer: 1 << 26 });
    return stdout.trim();
}

/** Returns the entries of an input that has one `NAME=value` on each line, as options. */
function options(name: string, lines = ""): string[] {
    return lines
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => `--${name}=${line}`);
}

/**
 * docker/build-push-action: builds with the engine, and pushes by the digest alone. Like GitHub's
 * runners it has the base image, or what stands in for it on this machine.
 */
const buildPush =
    (untag: (image: string, tag: string) => Promise<void>): Action =>
    async (call) => {
        const { inputs, env, workspace } = call;
        const { MLOPS_BASE_IMAGE } = process.env;
        const [, image = ""] = /(?:^|,)name=([^,]+)/.exec(inputs["outputs"] ?? "") ?? [];
        const tag = `pushed-${String(process.pid)}-${String(Date.now())}`;
        await command(
            { ...call, env: { ...env, DOCKER_BUILDKIT: "1", MLOPS_BASE_IMAGE } },
            "docker",
            "build",
            "--quiet",
            `--file=${join(workspace, inputs["file"] ?? "Dockerfile")}`,
            `--tag=${image}:${tag}`,
            ...(inputs["target"] === undefined ? [] : [`--target=${inputs["target"]}`]),
            "--build-arg=MLOPS_BASE_IMAGE",
            ...options("build-arg", inputs["build-args"]),
            ...options("label", inputs["labels"]),
            join(workspace, inputs["context"] ?? "."),
        );
        await command(call, "docker", "push", "--quiet", `${image}:${tag}`);
        const named = await command(
            call,
            "docker",
            "image",
            "inspect",
            '--format={{join .RepoDigests "\\n"}}',
            `${image}:${tag}`,
        );
        const digest = named
            .split("\n")
            .find((reference) => reference.startsWith(`${image}@`))
            ?.split("@")[1];
        if (digest === undefined) throw new Error(`${image}:${tag} has no digest: ${named}`);
        // Until then the tag keeps the image: an engine cannot push without one.
        call.atEnd(() => untag(image, tag));
        return { digest };
    };

/** The world of the actions. */
export interface ActionsOptions {
    /** Puts the sources, with all of their history, into a folder. */
    readonly checkOut: (folder: string) => Promise<void>;
    /** Removes a tag from the registry. */
    readonly untag: (image: string, tag: string) => Promise<void>;
    /** Returns the token of a GitHub App for one of its owner's repositories. */
    readonly appToken: (inputs: Readonly<Record<string, string>>) => string;
}

/** Returns the actions by OWNER/NAME. */
export function actionsFor({ checkOut, untag, appToken }: ActionsOptions): Map<string, Action> {
    return new Map<string, Action>([
        [
            "actions/checkout",
            async ({ workspace }) => {
                await checkOut(workspace);
                return {};
            },
        ],
        ["docker/setup-buildx-action", () => Promise.resolve({})],
        ["docker/build-push-action", buildPush(untag)],
        [
            "actions/create-github-app-token",
            ({ inputs }) => Promise.resolve({ token: appToken(inputs) }),
        ],
    ]);
}
