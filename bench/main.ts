/** What `make bench` runs: this project next to Terraform and to plain Pulumi programs at the same work, in one run. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureEnvironments, type PreviewPair } from "./environments.ts";
import { type HashingPair, measureHashing } from "./hashing.ts";
import { median, type Measurement } from "./measure.ts";
import { type Point, plot } from "./plot.ts";
import { type Program, programs, programsWithPauses, type Step } from "./programs.ts";
import { measurePromotion, type Promotion } from "./promotion.ts";
import { measureServices, type Plan, type Row } from "./services.ts";
import { type FirstUp, measureGrowth, measureWays } from "./stacks.ts";
import { fullTable, groupBy, pairTable, processTable, runTable, timeTable, wallOf } from "./table.ts";

const help = `Measures this project next to Terraform and plain Pulumi programs at the same work.

Usage: make bench [ARGS="--only PART,… --rounds N --services N,… --latency MS,… --without PROGRAM,…"]

  --only PART,…        environments, services, pauses, stacks, growth, promotion, hashing; default: all, which takes two hours
  --rounds N           how often each thing is done; default: 5, and fewer where that takes minutes and no goal is about it
  --services N,…       default: 1,10,50
  --latency MS,…       of Quay and GitHub; default: 0,100
  --without PROGRAM,…  leaves out Terraform, for instance
  --help               this text

All parts together write docs/performance.svg and docs/performance-results.md; some of them only print.
`;
const parts = { environments, services, pauses, stacks, growth, promotion, hashing };

const { values } = parseArgs({
    options: {
        only: { type: "string" },
        rounds: { type: "string", default: "5" },
        services: { type: "string", default: "1,10,50" },
        latency: { type: "string", default: "0,100" },
        without: { type: "string", default: "" },
        help: { type: "boolean" },
    },
});
/** Seconds that the same piece of work took, now and then. */
const noise: number[] = [];
/** What is drawn. */
const points: Point[] = [];

if (values.help === true) process.stdout.write(help);
else await run().catch(fail);

async function run(): Promise<void> {
    const chosen = values.only?.split(",") ?? Object.keys(parts);
    const wrong = chosen.find((part) => !(part in parts));
    if (wrong !== undefined) throw new Error(`There is no part "${wrong}": ${Object.keys(parts).join(", ")}.`);
    const sections: string[] = [];
    for (const [name, measurePart] of Object.entries(parts)) {
        if (!chosen.includes(name)) continue;
        calibrate();
        sections.push(await measurePart(Number(values.rounds)));
    }
    calibrate();
    const report = `# Results of \`make bench\`\n\n${howNoisy()}\n\n${sections.join("\n")}`;
    process.stdout.write(`\n${report}`);
    if (Object.keys(parts).every((part) => chosen.includes(part))) {
        const docs = join(import.meta.dirname, "../docs");
        writeFileSync(join(docs, "performance-results.md"), report);
        writeFileSync(join(docs, "performance.svg"), await plot(points, "Cost over services (both axes logarithmic)"));
    }
}

async function environments(rounds: number): Promise<string> {
    const pairs: PreviewPair[] = [];
    await measureEnvironments(rounds * 2 - 1, (pair) => {
        pairs.push(pair);
        say(`preview of ${pair.stack}`, pair.own);
    });
    const byStack = groupBy(pairs, ({ stack, plugins }) => `${stack}, with ${plugins.join(", ")}`);
    const table = pairTable(
        ["the project's stack", "a plain program"],
        [...byStack].map(([name, of]) => [name, of.map(({ own, plain }) => [own, plain] as const)]),
    );
    const dev = pairs.filter(({ stack }) => stack === "dev").map(({ own }) => own);
    return section(
        "No-op preview of each environment, next to a plain program with one resource of each plugin",
        table,
        "Where the preview of dev spends its CPU time:",
        processTable(dev),
    );
}

async function services(rounds: number): Promise<string> {
    const rows: Row[] = [];
    for (const plan of plans(rounds)) {
        await measureServices(plan, (row) => {
            rows.push(row);
            say(`${String(row.services)} services, ${String(row.latency)} ms, ${row.program}: ${row.step}`, row.measured);
        });
    }
    points.push(...pointsOf(rows));
    const tables = [...groupBy(rows, ({ latency }) => String(latency))].flatMap(([latency, of]) => [
        `Wall time in seconds, with ${latency} ms of latency; in brackets as a multiple of the first column:`,
        timeTable(of),
    ]);
    return section("Services, step by step", ...tables, "All that was measured:", fullTable(rows));
}

async function pauses(rounds: number): Promise<string> {
    const rows: Row[] = [];
    await measureServices({ services: 1, latency: 100, programs: chosenOf(programsWithPauses), rounds, repeats: 1 }, (row) => {
        rows.push(row);
        say(`${row.program}: ${row.step}`, row.measured);
    });
    return section("One service, with the pauses between writes to GitHub that users have, and 100 ms of latency", timeTable(rows));
}

async function stacks(rounds: number): Promise<string> {
    const runs: FirstUp[] = [];
    await measureWays(50, rounds, (run) => {
        runs.push(run);
        say(`50 services by ${run.way}`, run.measured);
    });
    return section("First up of 50 services, by one stack or by several", runTable(runs.map(({ way, measured }) => [way, measured])));
}

async function growth(rounds: number): Promise<string> {
    const runs: FirstUp[] = [];
    await measureGrowth([10, 50, 100], Math.ceil(rounds / 5), (run) => {
        runs.push(run);
        say(`${String(run.services)} services by ${run.way}`, run.measured);
    });
    return section(
        "First up of a growing number of services",
        runTable(runs.map(({ way, services, measured }) => [`${way}: ${String(services)}`, measured])),
    );
}

async function promotion(rounds: number): Promise<string> {
    const runs: Promotion[] = [];
    await measurePromotion(rounds, (run) => {
        runs.push(run);
        say(`promotion by ${run.program}`, run.measured);
    });
    const blobs = [...groupBy(runs, ({ program }) => program)].map(
        ([program, of]) => `${program}: ${String(median(of.map(({ requests }) => requests.blobBytes)))} bytes of blobs`,
    );
    const own = runs.filter(({ program }) => program === "components").map(({ measured }) => measured);
    return section(
        "Promotion of an image of 2.5 GB, the whole `up`",
        runTable(runs.map(({ program, measured }) => [program, measured])),
        `To and from the registry: ${blobs.join("; ")}.`,
        processTable(own),
    );
}

async function hashing(rounds: number): Promise<string> {
    const pairs: HashingPair[] = [];
    await measureHashing(rounds, (pair) => {
        pairs.push(pair);
        say("hashing", pair.own);
    });
    return section(
        "Hashing a build context of 1.1 GB in 10,000 files",
        pairTable(["the context's hash", "`tar \\| sha256sum`"], [["", pairs.map(({ own, tar }) => [own, tar] as const)]]),
    );
}

/** How often what is measured for N services and a latency: five times where a goal is about it, less often where that would take hours. */
function plans(rounds: number): Plan[] {
    const list = (text: string): number[] => text.split(",").map(Number);
    return list(values.latency).flatMap((latency) =>
        list(values.services).map((count) => {
            const fewer = count === 1 ? rounds : Math.ceil(rounds / 5);
            return { services: count, latency, programs: chosenOf(programs), rounds: fewer, repeats: Math.ceil(rounds / fewer) };
        }),
    );
}

function chosenOf(all: readonly Program[]): Program[] {
    const without = values.without.split(",");
    return all.filter(({ name }) => !without.includes(name));
}

/** What the picture shows: two steps and the memory, with and without latency. */
function pointsOf(rows: readonly Row[]): Point[] {
    return [...groupBy(rows, ({ program, services, latency }) => [program, services, latency].join())].flatMap(([, of]) => {
        const [first] = of;
        if (first === undefined) return [];
        const { program, services, latency } = first;
        const panel = (name: string): string => `${name}, ${String(latency)} ms of latency`;
        const step = (name: Step): Point[] => {
            const time = wallOf(of.filter((row) => row.step === name));
            return time === undefined ? [] : [{ program, services, panel: panel(`${name}, s`), value: time }];
        };
        const memory = median(of.filter(({ step }) => step === "preview").map(({ measured }) => measured.memory));
        return [...step("preview"), ...step("first up"), { program, services, panel: panel("memory of a preview, MiB"), value: memory }];
    });
}

/** The same piece of work on one core: how fast the machine is just now. */
function calibrate(): void {
    const bytes = new Uint8Array(1 << 26);
    const start = performance.now();
    for (let i = 0; i < 8; i++) createHash("sha256").update(bytes).digest();
    noise.push((performance.now() - start) / 1000);
}

function howNoisy(): string {
    const [first = 0, ...rest] = [...noise].sort((a, b) => a - b);
    const last = rest.at(-1) ?? first;
    const load = loadavg()[1] ?? 0;
    return (
        `On ${String(cpus().length)} cores, with Node.js ${process.versions.node}; figures are medians. How noisy the run was: the same piece of work took ` +
        `${first.toFixed(2)} to ${last.toFixed(2)} s over the run (${((last / first - 1) * 100).toFixed(0)} % more), and the load at its end was ${load.toFixed(1)}.`
    );
}

function section(title: string, ...paragraphs: readonly string[]): string {
    return [`## ${title}`, ...paragraphs, ""].join("\n\n");
}

/** Progress: this takes long. */
function say(what: string, { wall, memory }: Measurement): void {
    process.stderr.write(`${what}: ${wall.toFixed(2)} s, ${memory.toFixed(0)} MiB\n`);
}

function fail(error: unknown): void {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
}
