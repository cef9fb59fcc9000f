/** Measures what a container of the example service can serve: "Sizing" in service/README.md. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import autocannon, { type Options } from "autocannon";
import { runCommand } from "../operations/commandLine.ts";
import {
    type Container,
    memory,
    python,
    startContainer,
    startIssuer,
    uploadOf,
} from "../sandbox/digits.ts";
import { run } from "../sandbox/project.ts";
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

/** Returns the seconds of CPU time that the service has used. */
async function cpuTime({ url }: Container): Promise<number> {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^process_cpu_seconds_total (\S+)$/m.exec(metrics)?.[1]);
}

/** The digit 1 in a PNG of 12 megapixels. */
const drawOne = `import sys; from PIL import Image, ImageDraw
picture = Image.new("RGB", (4000, 3000), "white")
ImageDraw.Draw(picture).line((2000, 600, 2000, 2400), fill="black", width=300)
picture.save(sys.stdout.buffer, "PNG")`;

/** Returns uploads of a picture. */
function uploads(picture: Buffer, token: string, amount: number): Load {
    return { amount, method: "POST", ...uploadOf(picture, token) };
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
    const large = await python(image, drawOne);
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
            const container = await startContainer(image, settings);
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
