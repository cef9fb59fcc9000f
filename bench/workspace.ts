/** Where the programs work: services with their build contexts, and an account of their own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Servers } from "./servers.ts";

export interface Workspace {
    /** A folder for a program's state. */
    readonly folder: string;
    /** The folder with the services' build contexts. */
    readonly contexts: string;
    readonly services: number;
    /** HOST:PORT */
    readonly registry: string;
    /** The account on Quay and on GitHub. */
    readonly namespace: string;
    /** How the account is reached: the variables of `Servers.createAccount`. */
    readonly environment: Readonly<Record<string, string>>;
}

const workflowFile = ".github/workflows/quay-deploy.yml";

/** Services in a folder, that nobody has delivered yet. */
export function newWorkspace(servers: Servers, root: string, services: number, namespace: string): Workspace {
    const names = Array.from({ length: services }, (_, i) => serviceName(i + 1));
    const folder = join(root, namespace);
    const contexts = join(folder, "contexts");
    for (const name of names) writeContext(contexts, name, namespace);
    return { folder, contexts, services, registry: servers.quay.registry, namespace, environment: servers.createAccount(namespace, names) };
}

export function serviceName(i: number): string {
    return `svc-${String(i).padStart(3, "0")}`;
}

/** A service that is built in no time. @param content another makes another image @param version what the service says that it is at */
export function writeContext(contexts: string, service: string, content: string, version = "1.0.0"): void {
    const folder = join(contexts, service);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "version"), version);
    writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY payload.txt /payload.txt\n");
    const lines = Array.from({ length: 40 }, (_, line) => `line ${String(line)} of a small file`);
    writeFileSync(join(folder, "payload.txt"), `${service} ${content} ${String(Date.now())}\n${lines.join("\n")}\n`);
}

/** @throws Error where not every service is where it has to be, so that no program is fast because it does less. */
export function checkDelivered({ services, namespace }: Workspace, { github }: Servers): void {
    for (let i = 1; i <= services; i++) {
        const repository = github.repository(`${namespace}/${serviceName(i)}`);
        const secrets = Object.keys(repository.secrets("prod")).sort().join();
        if (!(workflowFile in repository.files()) || secrets !== "QUAY_PWD,QUAY_USER") {
            throw new Error(`${namespace}/${serviceName(i)} was not delivered: it has the secrets "${secrets}"`);
        }
    }
}

/** Removes a registry's images from the Docker engine. @param registry HOST:PORT */
export function removeImages(registry: string): void {
    const listed = execFileSync("docker", ["images", "--quiet", "--no-trunc", `${registry}/*/*`], { encoding: "utf8" });
    const images = [...new Set(listed.split("\n").filter(Boolean))];
    if (images.length > 0) execFileSync("docker", ["rmi", "--force", ...images], { stdio: "ignore" });
}
