/** The workspace of a program: services with their build contexts, and an account of their own. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { basic, Registry } from "../sandbox/registryClient.ts";
import { serviceName } from "./names.ts";
import type { Servers } from "./servers.ts";

export interface Workspace {
    /** A folder for the program's state. */
    readonly folder: string;
    /** The folder with the services' build contexts. */
    readonly contexts: string;
    readonly services: number;
    /** HOST:PORT */
    readonly registry: string;
    /** The account on Quay and on GitHub. */
    readonly namespace: string;
    /** The variables of `Servers.createAccount`. */
    readonly environment: Readonly<Record<string, string>>;
}

const workflowFile = ".github/workflows/quay-deploy.yml";

/** Creates services in a folder, none of them delivered yet. */
export function newWorkspace(
    servers: Servers,
    root: string,
    services: number,
    namespace: string,
): Workspace {
    const names = Array.from({ length: services }, (_, i) => serviceName(i + 1));
    const folder = join(root, namespace);
    const contexts = join(folder, "contexts");
    for (const name of names) writeContext(contexts, name, namespace);
    return {
        folder,
        contexts,
        services,
        registry: servers.quay.registry,
        namespace,
        environment: servers.createAccount(namespace, names),
    };
}

/**
 * Writes a service that builds at once.
 * @param content another one makes another image
 * @param version the service's version
 */
export function writeContext(
    contexts: string,
    service: string,
    content: string,
    version = "1.0.0",
): void {
    const folder = join(contexts, service);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "version"), version);
    writeFileSync(
        join(folder, "Dockerfile"),
        "FROM scratch\nCOPY payload.txt /payload.txt\nUSER 10001\n",
    );
    const lines = Array.from({ length: 40 }, (_, line) => `line ${String(line)} of a small file`);
    writeFileSync(
        join(folder, "payload.txt"),
        `${service} ${content} ${String(Date.now())}\n${lines.join("\n")}\n`,
    );
}

/**
 * Checks that every service was delivered, so that no program is fast because it does less.
 * @throws Error if one was not
 */
export async function checkDelivered(workspace: Workspace, servers: Servers): Promise<void> {
    const { services, namespace } = workspace;
    for (let i = 1; i <= services; i++) {
        const repository = servers.github.repository(`${namespace}/${serviceName(i)}`);
        const secrets = Object.keys(repository.secrets("prod")).sort().join();
        if (!(workflowFile in repository.files()) || secrets !== "QUAY_PWD,QUAY_USER") {
            throw new Error(
                `${namespace}/${serviceName(i)} was not delivered: it has the secrets "${secrets}"`,
            );
        }
    }
    for (let i = 1; i <= services; i++) await pushedDigests(workspace, servers, serviceName(i));
}

/** @throws Error as `checkDelivered` */
export async function checkPromoted(workspace: Workspace, servers: Servers): Promise<void> {
    for (let i = 1; i <= workspace.services; i++)
        await pushedDigests(workspace, servers, `${serviceName(i)}-next`);
}

/**
 * @returns the digests of the images in a repository of the registry
 * @throws Error if it has none
 */
export async function pushedDigests(
    { namespace, environment }: Workspace,
    { quay }: Servers,
    name: string,
): Promise<ReadonlySet<string>> {
    const repository = `${namespace}/${name}`;
    const registry = await Registry.login(
        quay,
        basic("$oauthtoken", environment["QUAY_TOKEN"] ?? ""),
        `${repository}:pull`,
    );
    const { tags } = tagList.parse(
        JSON.parse((await registry.ask("GET", `${repository}/tags/list`)).text),
    );
    const digest = async (tag: string): Promise<string> =>
        (await registry.ask("HEAD", `${repository}/manifests/${tag}`)).headers.get(
            "docker-content-digest",
        ) ?? "";
    const digests = new Set(await Promise.all(tags.map(digest)));
    if (digests.size === 0) throw new Error(`${repository} has no image`);
    return digests;
}

const tagList = z.object({ tags: z.array(z.string()) });
