import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { importPKCS8, SignJWT } from "jose";
import { generate } from "selfsigned";

const issuer = "quay-standin";
const service = "quay-storage";

/**
 * Runs the registry until standard input closes, which happens however the server ends. Then it
 * stops the registry and removes its folder.
 */
const guarded = `
exec 3<&0
(cat <&3 >/dev/null; kill -KILL "$$"; rm -rf "$1") &
exec docker-registry serve "$1/config.json"
`;

export interface RegistryRequest {
    readonly method: string;
    /** Below /v2/, with the registry's own repository name. */
    readonly path: string;
    readonly headers?: OutgoingHttpHeaders;
    /** The registry's own repository names, with the actions allowed on each. */
    readonly access: Readonly<Record<string, readonly ("pull" | "push")[]>>;
    /** The body, and the transforms to send it through. */
    readonly body?:
        { readonly from: Readable; readonly through: NodeJS.ReadWriteStream } | Uint8Array;
}

/**
 * A real registry (distribution) on a socket in its own folder. Only this process issues tokens for
 * it.
 */
export class Distribution {
    private readonly child: ChildProcess;
    private readonly folder: string;
    private readonly key: CryptoKey;
    private readonly certificate: string;
    private readonly tokens = new Map<string, { token: Promise<string>; until: number }>();

    private constructor(child: ChildProcess, folder: string, key: CryptoKey, certificate: string) {
        this.child = child;
        this.folder = folder;
        this.key = key;
        this.certificate = certificate;
    }

    /** Starts the registry with a temporary folder, and waits until it listens. */
    static async start(): Promise<Distribution> {
        const folder = await mkdtemp(join(tmpdir(), "quay-"));
        const pair = await generate([{ name: "commonName", value: issuer }], {
            keyType: "ec",
            curve: "P-256",
            algorithm: "sha256",
        });
        const bundle = join(folder, "certificate.pem");
        await writeFile(bundle, pair.cert);
        await writeFile(join(folder, "config.json"), JSON.stringify(configuration(folder, bundle)));
        const child = spawn("/bin/sh", ["-c", guarded, "sh", folder], {
            stdio: ["pipe", "ignore", "pipe"],
        });
        const der = pair.cert.replaceAll(/-----[^-]+-----|\s/g, "");
        const registry = new Distribution(
            child,
            folder,
            await importPKCS8(pair.private, "ES256"),
            der,
        );
        try {
            await listening(child);
        } catch (error) {
            await registry.stop();
            throw error;
        }
        return registry;
    }

    /** Sends a request, streaming its body. @returns the answer, whose body is not read yet */
    async ask({ method, path, headers, access, body }: RegistryRequest): Promise<IncomingMessage> {
        const sent = request({
            socketPath: join(this.folder, "registry.sock"),
            method,
            path: `/v2/${path}`,
            headers: { ...headers, authorization: `Bearer ${await this.token(access)}` },
        });
        const answered = new Promise<IncomingMessage>((resolve, reject) => {
            sent.on("response", resolve).on("error", reject);
        });
        const [answer] = await Promise.all([answered, deliver(body, sent)]);
        return answer;
    }

    /** Stops the registry and removes its folder. */
    async stop(): Promise<void> {
        const exited =
            this.child.exitCode === null && this.child.signalCode === null
                ? once(this.child, "exit")
                : undefined;
        this.child.stdin?.end();
        await exited;
        await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }

    /** Returns a token for these repositories. Signing takes time, so one serves half an hour. */
    private token(access: RegistryRequest["access"]): Promise<string> {
        const key = JSON.stringify(access);
        const known = this.tokens.get(key);
        if (known !== undefined && known.until > Date.now()) return known.token;
        const token = this.sign(access);
        this.tokens.set(key, { token, until: Date.now() + 30 * 60_000 });
        return token;
    }

    private sign(access: RegistryRequest["access"]): Promise<string> {
        return new SignJWT({
            access: Object.entries(access).map(([name, actions]) => ({
                type: "repository",
                name,
                actions,
            })),
        })
            .setProtectedHeader({ alg: "ES256", typ: "JWT", x5c: [this.certificate] })
            .setIssuer(issuer)
            .setAudience(service)
            .setIssuedAt()
            .setNotBefore("-1 minute")
            .setExpirationTime("1 hour")
            .sign(this.key);
    }
}

/** The registry reads YAML, of which JSON is a subset. */
function configuration(folder: string, rootcertbundle: string): object {
    return {
        version: "0.1",
        log: { level: "info", accesslog: { disabled: true } },
        storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
        http: {
            net: "unix",
            addr: join(folder, "registry.sock"),
            relativeurls: true,
            secret: "shared by nobody",
        },
        // The realm is never used: requests without permission are refused before they get here.
        auth: { token: { realm: "http://localhost", service, issuer, rootcertbundle } },
    };
}

async function deliver(body: RegistryRequest["body"], to: Writable): Promise<void> {
    if (body === undefined || body instanceof Uint8Array) to.end(body);
    else await pipeline(body.from, body.through, to);
}

/** Waits until the registry logs that it listens. Later output is read and dropped. */
async function listening(child: ChildProcess): Promise<void> {
    if (child.stderr === null) throw new Error("the registry has no standard error");
    const lines = createInterface(child.stderr);
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
        lines.on("line", (line) => {
            if (line.includes("listening on")) resolve();
            said.push(line);
        });
        child.once("exit", () => {
            reject(
                new Error(`docker-registry did not start (is it installed?):\n${said.join("\n")}`),
            );
        });
    });
    lines.removeAllListeners("line");
    lines.on("line", () => undefined);
}
