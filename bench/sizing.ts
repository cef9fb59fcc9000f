/** Measures what a container of the example service can serve: "Sizing" in service/README.md. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import autocannon, { type Options } from "autocannon";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { runCommand } from "../operations/commandLine.ts";
import { freePort, run } from "../sandbox/project.ts";
import { median } from "./measure.ts";
import { table } from "./table.ts";

const help = `Measures what a container of the example service can serve with 1 CPU and 512 MiB.

Usage: node bench/sizing.ts IMAGE

It needs Docker on Linux and takes some minutes. It prints a Markdown table of the medians of three
containers. Requests per second of one core are requests per second of CPU time. Run it on an idle
machine: the same request takes more CPU time on a busy one.
`;
const containers = 3;
const callers = 4;

/** Requests of one kind. */
type Load = Omit<Options, "url"> & { readonly amount: number };

/** A container of the service that answers. */
interface Container {
    readonly id: string;
    readonly url: string;
    /** Seconds from its start to its first answer. */
    readonly started: number;
}

/** Starts an issuer of tokens. Returns a token, and the service's settings for it. */
async function startIssuer() {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    const kid = "sizing";
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid }] });
    const port = await freePort();
    const server = createServer((_, response) => response.end(keys)).listen(port, "127.0.0.1");
    await once(server, "listening");
    const issuer = `http://127.0.0.1:${String(port)}`;
    const claims = new SignJWT().setIssuer(issuer).setAudience(kid).setExpirationTime("1d");
    const token = await claims.setProtectedHeader({ alg: "RS256", kid }).sign(privateKey);
    const settings = [`OAUTH2_ISSUER=${issuer}`, `OAUTH2_AUDIENCE=${kid}`, "OAUTH2_JWKS_URI=keys"];
    return { server, token, settings };
}

/** Starts the service as a cluster does: any user, a read-only root, nothing run beside it. */
async function start(image: string, settings: readonly string[]): Promise<Container> {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    const options = ["--network=host", "--no-healthcheck", "--cpus=1", "--memory=512m"];
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

/** Returns the seconds of CPU time that the service has used. */
async function cpuTime({ url }: Container): Promise<number> {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^process_cpu_seconds_total (\S+)$/m.exec(metrics)?.[1]);
}

/** Returns the resident memory in MiB: now (VmRSS), or the most there ever was (VmHWM). */
async function memory({ id }: Container, which: "VmRSS" | "VmHWM"): Promise<number> {
    const { stdout } = await run("docker", ["exec", id, "grep", which, "/proc/1/status"]);
    return Number(/\d+/.exec(stdout)?.[0]) / 1024;
}

/** Returns the digit 1 in a PNG of 12 megapixels, drawn by the image's own Python. */
async function drawPicture(image: string): Promise<Buffer> {
    const program = `import sys; from PIL import Image, ImageDraw
picture = Image.new("RGB", (4000, 3000), "white")
ImageDraw.Draw(picture).line((2000, 600, 2000, 2400), fill="black", width=300)
picture.save(sys.stdout.buffer, "PNG")`;
    const command = ["run", "--rm", "--entrypoint=python3", image, "-c", program];
    return (await promisify(execFile)("docker", command, { encoding: "buffer" })).stdout;
}

/** Returns uploads of a picture. */
function uploads(picture: Buffer, token: string, amount: number): Load {
    const type = "multipart/form-data; boundary=x";
    const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n';
    return {
        amount,
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": type },
        body: Buffer.concat([Buffer.from(part), picture, Buffer.from("\r\n--x--\r\n")]),
    };
}

/** Returns the requests answered per second of CPU time. */
async function measureRate(container: Container, path: string, load: Load): Promise<number> {
    const before = await cpuTime(container);
    const url = container.url + path;
    const result = await autocannon({ connections: callers, ...load, url });
    if (result["2xx"] !== load.amount)
        throw new Error(`${path} failed: ${JSON.stringify(result.statusCodeStats)}`);
    return load.amount / ((await cpuTime(container)) - before);
}

await runCommand({ usage: help, options: {}, arguments: [1, 1] }, async (_, [image = ""]) => {
    const { server, token, settings } = await startIssuer();
    const small = readFileSync(join(import.meta.dirname, "../service/examples/seven.png"));
    const large = await drawPicture(image);
    // Those that need the most memory come last, as each peak is that of all loads before it, too.
    const loads: readonly (readonly [string, string, Load])[] = [
        ["`GET /health`", "/health", { amount: 3_000 }],
        ["`GET /metrics`", "/metrics", { amount: 300 }],
        ["`POST /upload`, 96 x 96 pixels", "/upload", uploads(small, token, 600)],
        ["`POST /upload`, 12 megapixels", "/upload", uploads(large, token, 16)],
    ];
    const started: number[] = [];
    const atRest: number[] = [];
    const rows = loads.map((load) => ({ load, rates: [] as number[], peaks: [] as number[] }));
    try {
        for (let round = 0; round < containers; round++) {
            const container = await start(image, settings);
            try {
                started.push(container.started);
                atRest.push(await memory(container, "VmRSS"));
                for (const { load, rates, peaks } of rows) {
                    const [, path, requests] = load;
                    rates.push(await measureRate(container, path, requests));
                    peaks.push(await memory(container, "VmHWM"));
                }
            } finally {
                await run("docker", ["rm", "--force", container.id]);
            }
        }
    } finally {
        server.close();
    }
    const figure = (values: readonly number[]): string =>
        median(values).toLocaleString("en", { maximumSignificantDigits: 2 });
    const lines = rows.map(({ load: [what], rates, peaks }) =>
        [what, figure(rates), figure(peaks)].join(" | "),
    );
    const head = ["", "requests per second of one core", "memory at most, MiB"];
    process.stdout.write(table(head, [`at rest | | ${figure(atRest)}`, ...lines]));
    process.stdout.write(`\nIt answers ${figure(started)} seconds after its start.\n`);
});
