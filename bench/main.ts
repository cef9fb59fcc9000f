/** What `make bench` runs: this project next to Terraform and to plain Pulumi programs at the same work, in one run. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureEnvironments, type PreviewPair } from "./environments.ts";
import { type HashingPair, measureHashing } from "./hashing.ts";
import { interrupt, median, type Measurement, run } from "./measure.ts";
import { type Point, plot } from "./plot.ts";
import { programs, programsWithPauses, type Step } from "./programs.ts";
import { measurePromotion, type Promotion } from "./promotion.ts";
import { measureServices, type Plan, type Row } from "./services.ts";
import { type FirstUp, measureGrowth, measureWays } from "./stacks.ts";
import { fullTable, groupBy, pairTable, processTable, runTable, timeTable, wallOf } from "./table.ts";

const parts = { environments, services, pauses, stacks, growth, promotion, hashing };

const help = `Measures this project next to Terraform and plain Pulumi programs at the same work.

Usage: make bench [ARGS="OPTION…"]

  --only PART,…      ${Object.keys(parts).join(", ")}; default: all
  --rounds N         how often each thing is done from nothing; default: 5, and once for more than one service
  --services N,…     default: 1,10,50
  --latency MS,…     of Quay and GitHub; default: 0,100
  --programs NAME,…  ${programs.map(({ name }) => name).join(", ")}; default: all
  --help             this text

Without options it takes an hour and a half, and writes docs/performance.svg and docs/performance-results.md. With any of them it only prints.
Ctrl-C ends it and removes what it has made.
`;

const whole = (option: string, text: string, least: number): number => {
    const value = /^\d+$/.test(text) ? Number(text) : -1;
    if (value < least) throw new Error(`--${option}: "${text}" is no whole number from ${String(least)} up.`);
    return value;
};
const oneOf = (all: readonly string[], text: string | undefined): readonly string[] => {
    const wrong = text?.split(",").find((name) => !all.includes(name));
    if (wrong !== undefined) throw new Error(`There is no "${wrong}": ${all.join(", ")}.`);
    return text?.split(",") ?? all;
};

/** What is to be measured. */
interface Options {
    readonly only: readonly string[];
    readonly rounds: number;
    readonly services: readonly number[];
    readonly latency: readonly number[];
    readonly programs: readonly string[];
}

/** Seconds that the same piece of work took, now and then. */
const noise: number[] = [];
/** What is drawn. */
const points: Point[] = [];

await main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
});

async function main(given: readonly string[]): Promise<void> {
    const { values } = parseArgs({
        args: [...given],
        options: {
            only: { type: "string" },
            rounds: { type: "string", default: "5" },
            services: { type: "string", default: "1,10,50" },
            latency: { type: "string", default: "0,100" },
            programs: { type: "string" },
            help: { type: "boolean", default: false },
        },
    });
    if (values.help) {
        process.stdout.write(help);
        return;
    }
    const options: Options = {
        only: oneOf(Object.keys(parts), values.only),
        rounds: whole("rounds", values.rounds, 1),
        services: values.services.split(",").map((each) => whole("services", each, 1)),
        latency: values.latency.split(",").map((each) => whole("latency", each, 0)),
        programs: oneOf(
            programs.map(({ name }) => name),
            values.programs,
        ),
    };
    // What is under way ends with the terminal's own signal; then everything is removed as after an error.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
    const report = await measureAll(options);
    if (given.length > 0) return;
    const docs = join(import.meta.dirname, "../docs");
    writeFileSync(join(docs, "performance-results.md"), report);
    writeFileSync(join(docs, "performance.svg"), await plot(points, "Cost over services (both axes logarithmic)"));
}

/** @returns the report; each of its sections is printed as soon as it is there */
async function measureAll(options: Options): Promise<string> {
    const versions = await Promise.all(["pulumi", "terraform"].map(versionOf));
    const sections: string[] = [];
    for (const [name, measurePart] of Object.entries(parts)) {
        if (!options.only.includes(name)) continue;
        calibrate();
        const text = await measurePart(options);
        sections.push(text);
        process.stdout.write(`\n${text}`);
    }
    calibrate();
    process.stdout.write(`\n${howNoisy()}\n`);
    const machine = `On ${String(cpus().length)} cores, with Node.js ${process.versions.node}, ${versions.join(", ")}.`;
    return [`# Results of \`make bench\``, `${machine} ${howNoisy()}`, ...sections].join("\n\n");
}

/** A program's version, as in `pulumi v3.1.0`; says so where it is not there. */
async function versionOf(program: string): Promise<string> {
    const command = {
        command: [program, "version"],
        folder: "/",
        environment: { PULUMI_SKIP_UPDATE_CHECK: "true", CHECKPOINT_DISABLE: "1" },
    };
    const printed = await run(command).catch(() => "is not there");
    return `${program} ${/v[0-9][0-9.]*/.exec(printed)?.[0] ?? printed}`;
}

async function environments({ rounds }: Options): Promise<string> {
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

async function services(options: Options): Promise<string> {
    const rows: Row[] = [];
    for (const plan of plans(options)) {
        calibrate();
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

async function pauses({ rounds }: Options): Promise<string> {
    const rows: Row[] = [];
    await measureServices({ services: 1, latency: 100, programs: programsWithPauses, rounds, repeats: 1 }, (row) => {
        rows.push(row);
        say(`${row.program}: ${row.step}`, row.measured);
    });
    return section("One service, with the pauses between writes to GitHub that users have, and 100 ms of latency", timeTable(rows));
}

async function stacks({ rounds, latency }: Options): Promise<string> {
    const runs: FirstUp[] = [];
    for (const each of latency) {
        await measureWays(50, each, rounds, (run) => {
            runs.push(run);
            say(`50 services by ${run.way}, ${String(run.latency)} ms`, run.measured);
        });
    }
    return section(
        "First up of 50 services, by one stack or by several",
        runTable(runs.map(({ way, latency, measured }) => [`${way}, ${String(latency)} ms of latency`, measured])),
    );
}

async function growth({ rounds }: Options): Promise<string> {
    const runs: FirstUp[] = [];
    await measureGrowth([10, 50, 100], rounds, (run) => {
        runs.push(run);
        say(`${String(run.services)} services by ${run.way}`, run.measured);
    });
    return section(
        "First up of a growing number of services",
        runTable(runs.map(({ way, services, measured }) => [`${way}: ${String(services)} services`, measured])),
    );
}

async function promotion({ rounds }: Options): Promise<string> {
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

async function hashing({ rounds }: Options): Promise<string> {
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

/** One service is measured in rounds; of many, what changes nothing is measured as often, and the rest, which takes minutes, once. */
function plans({ rounds, services, latency, programs: chosen }: Options): Plan[] {
    const all = programs.filter(({ name }) => chosen.includes(name));
    return latency.flatMap((each) =>
        services.map((count) => {
            const often = count === 1 ? { rounds, repeats: 1 } : { rounds: 1, repeats: rounds };
            return { services: count, latency: each, programs: all, ...often };
        }),
    );
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
    const [least, most] = [Math.min(...noise), Math.max(...noise)];
    return (
        `Figures are medians. How noisy the run was: the same piece of work took ${least.toFixed(2)} to ${most.toFixed(2)} s over the run ` +
        `(${((most / least - 1) * 100).toFixed(0)} % more).`
    );
}

function section(title: string, ...paragraphs: readonly string[]): string {
    return [`## ${title}`, ...paragraphs, ""].join("\n\n");
}

/** Progress: this takes long. */
function say(what: string, { wall, memory }: Measurement): void {
    process.stderr.write(`${what}: ${wall.toFixed(2)} s, ${memory.toFixed(0)} MiB\n`);
}
