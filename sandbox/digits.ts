/** The example service in a container as a cluster runs it, with an issuer of tokens for it. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { freePort, run } from "./project.ts";

/** A container of the service that answers. */
export interface Container {
    readonly id: string;
    readonly url: string;
    /** Seconds from its start to its first answer. */
    readonly started: number;
}

/** An issuer of tokens that serves its keys. */
export interface Issuer {
    readonly server: Server;
    /** A token that is valid for a day. */
    readonly token: string;
    /** The service's settings for it, each as `NAME=value`. */
    readonly settings: readonly string[];
}

/** Starts an issuer of tokens on a free port of this machine. */
export async function startIssuer(): Promise<Issuer> {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    const kid = "digits";
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid }] });
    const port = await freePort();
    const server = createServer((_, response) => response.end(keys)).listen(port, "127.0.0.1");
    await once(server, "listening");
    const issuer = `http://127.0.0.1:${String(port)}`;
    const claims = new SignJWT().setIssuer(issuer).setAudience(kid).setExpirationTime("1d");
    const header = { alg: "RS256", kid, typ: "at+jwt" };
    const token = await claims.setProtectedHeader(header).sign(privateKey);
    const settings = [`OAUTH2_ISSUER=${issuer}`, `OAUTH2_AUDIENCE=${kid}`, "OAUTH2_JWKS_URI=keys"];
    return { server, token, settings };
}

/**
 * Starts the service as a cluster does: any user, a read-only root, nothing run beside it, 1 CPU,
 * and 512 MiB without swap.
 */
export async function startContainer(
    image: string,
    settings: readonly string[],
): Promise<Container> {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    const options = ["--network=host", "--no-healthcheck", "--cpus=1"];
    options.push("--memory=512m", "--memory-swap=512m");
    options.push("--user=12345:0", "--read-only", "--tmpfs=/tmp:size=64m", "--cap-drop=ALL");
    options.push(...[...settings, `PORT=${port}`].map((setting) => `--env=${setting}`));
    const id = (await run("docker", ["create", ...options, image])).stdout.trim();
    const begun = performance.now();
    await run("docker", ["start", id]);
    for (;;) {
        const answer = await fetch(`${url}/health`).catch(() => undefined);
        const seconds = (performance.now() - begun) / 1000;
        if (answer?.ok === true) return { id, url, started: seconds };
        if (seconds > 60) throw new Error(`${image} did not answer: docker logs ${id}`);
        await setTimeout(10);
    }
}

/** Returns the resident memory in MiB: now (VmRSS), or the most there ever was (VmHWM). */
export async function memory({ id }: Container, which: "VmRSS" | "VmHWM"): Promise<number> {
    const { stdout } = await run("docker", ["exec", id, "grep", which, "/proc/1/status"]);
    return Number(/\d+/.exec(stdout)?.[0]) / 1024;
}

/** Returns what a Python program prints that is run in the image, with its Pillow. */
export async function python(image: string, program: string): Promise<Buffer> {
    const command = ["run", "--rm", "--entrypoint=python3", image, "-c", program];
    const limits = { encoding: "buffer", maxBuffer: 64 * 1024 ** 2 } as const;
    return (await promisify(execFile)("docker", command, limits)).stdout;
}

/** A request for `POST /upload`. */
export interface Upload {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Buffer;
}

/** Returns the upload of a picture. */
export function uploadOf(picture: Buffer, token: string): Upload {
    const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n';
    return {
        headers: {
            authorization: `Bearer ${token}`,
            "content-type": "multipart/form-data; boundary=x",
        },
        body: Buffer.concat([Buffer.from(part), picture, Buffer.from("\r\n--x--\r\n")]),
    };
}
