/** The parts of the benchmark. Each measures, prints its progress, and returns its tables. */
import { hasCluster } from "../sandbox/cluster/cluster.ts";
import { type ClusterRun, measureCluster } from "./cluster.ts";
import { measureEnvironments, type PreviewPair } from "./environments.ts";
import { type HashingPair, measureHashing } from "./hashing.ts";
import { median, type Measurement } from "./measure.ts";
import { calibrate } from "./noise.ts";
import type { Point } from "./plot.ts";
import { programs, programsWithPauses, type Step } from "./programs.ts";
import { measurePromotion, type Promotion } from "./promotion.ts";
import { measureServices, type Plan, type Row } from "./services.ts";
import { type FirstUp, measureGrowth, measureWays } from "./stacks.ts";
import {
    fullTable,
    groupBy,
    pairTable,
    processTable,
    requestTable,
    runTable,
    timeTable,
    wallOf,
} from "./table.ts";

/** What to measure. */
export interface Options {
    readonly only: readonly string[];
    readonly rounds: number;
    readonly services: readonly number[];
    readonly latency: readonly number[];
    readonly programs: readonly string[];
}

/** The results of a part. */
export interface Section {
    /** Markdown. */
    readonly text: string;
    /** The data for the plot. */
    readonly points: readonly Point[];
}

/** The parts, in the order in which they run. */
export const parts = {
    environments,
    services,
    pauses,
    stacks,
    growth,
    promotion,
    cluster,
    hashing,
};

async function environments({ rounds }: Options): Promise<Section> {
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
        "No-op preview of each environment, and of a plain program with one resource per plugin",
        table,
        "Where the preview of dev spends its CPU time:",
        processTable(dev),
    );
}

async function services(options: Options): Promise<Section> {
    const rows: Row[] = [];
    for (const plan of plans(options)) {
        calibrate();
        await measureServices(plan, (row) => {
            rows.push(row);
            const scale = `${String(row.services)} services, ${String(row.latency)} ms`;
            say(`${scale}, ${row.program}: ${row.step}`, row.measured);
        });
    }
    const tables = [...groupBy(rows, ({ latency }) => String(latency))].flatMap(([latency, of]) => [
        `Wall time in seconds, with ${latency} ms of latency; in brackets, ` +
            "as a multiple of the first column:",
        timeTable(of),
    ]);
    const most = Math.max(...options.services);
    const ofMost = rows.filter(
        ({ program, step, services }) =>
            program === "components" && step === "preview" && services === most,
    );
    const { text } = section(
        "Services, step by step",
        ...tables,
        `Where the preview of ${String(most)} services by components spends its CPU time:`,
        processTable(ofMost.map(({ measured }) => measured)),
        "All measurements:",
        fullTable(rows),
        "Requests to GitHub, Quay and the registry, and kB of blobs to and from the registry:",
        requestTable(rows),
    );
    return { text, points: pointsOf(rows) };
}

async function pauses({ rounds }: Options): Promise<Section> {
    const rows: Row[] = [];
    await measureServices(
        { services: 1, latency: 100, programs: programsWithPauses, rounds, repeats: 1 },
        (row) => {
            rows.push(row);
            say(`${row.program}: ${row.step}`, row.measured);
        },
    );
    return section(
        "One service, with users' pauses between writes to GitHub, and 100 ms of latency",
        timeTable(rows),
    );
}

async function stacks({ rounds, latency }: Options): Promise<Section> {
    const runs: FirstUp[] = [];
    for (const each of latency) {
        await measureWays(50, each, rounds, (run) => {
            runs.push(run);
            say(`50 services by ${run.way}, ${String(run.latency)} ms`, run.measured);
        });
    }
    return section(
        "First up of 50 services, by one stack or by several",
        runTable(
            runs.map(({ way, latency, measured }) => [
                `${way}, ${String(latency)} ms of latency`,
                measured,
            ]),
        ),
        "PULUMI_SKIP_CHECKPOINTS loses in a crash what was made.",
    );
}

async function growth({ rounds }: Options): Promise<Section> {
    const runs: FirstUp[] = [];
    await measureGrowth([10, 50, 100], rounds, (run) => {
        runs.push(run);
        say(`${String(run.services)} services by ${run.way}`, run.measured);
    });
    return section(
        "First up of a growing number of services",
        runTable(
            runs.map(({ way, services, measured }) => [
                `${way}: ${String(services)} services`,
                measured,
            ]),
        ),
    );
}

async function promotion({ rounds }: Options): Promise<Section> {
    const runs: Promotion[] = [];
    await measurePromotion(rounds, (run) => {
        runs.push(run);
        say(`promotion by ${run.program}`, run.measured);
    });
    const blobs = [...groupBy(runs, ({ program }) => program)].map(([program, of]) => {
        const bytes = median(of.map(({ requests }) => requests.blobBytes));
        return `- ${program}: ${String(bytes)} bytes of blobs`;
    });
    const own = runs
        .filter(({ program }) => program === "components")
        .map(({ measured }) => measured);
    return section(
        "Promotion of an image of 2.5 GB, the whole `up`",
        runTable(runs.map(({ program, measured }) => [program, measured])),
        "To and from the registry:",
        blobs.join("\n"),
        processTable(own),
    );
}

async function cluster({ rounds }: Options): Promise<Section> {
    const title = "A service of two pods on a cluster: first up, and preview without changes";
    if (!hasCluster())
        return section(title, "Not measured: `toolchain/setup.sh cluster` says what is missing.");
    const runs: ClusterRun[] = [];
    await measureCluster(rounds, (run) => {
        runs.push(run);
        say(`${run.step} by ${run.program}`, run.measured);
    });
    return section(
        title,
        runTable(runs.map(({ step, program, measured }) => [`${step}: ${program}`, measured])),
    );
}

async function hashing({ rounds }: Options): Promise<Section> {
    const pairs: HashingPair[] = [];
    await measureHashing(rounds, (pair) => {
        pairs.push(pair);
        say("hashing", pair.own);
    });
    return section(
        "Hashing a build context of 1.1 GB in 10,000 files",
        pairTable(
            ["the context's hash", "`tar \\| sha256sum`"],
            [["", pairs.map(({ own, tar }) => [own, tar] as const)]],
        ),
    );
}

/**
 * One service is measured in rounds. With more services, steps without changes are repeated as
 * often; the others, which take minutes, run once.
 */
function plans({ rounds, services, latency, programs: chosen }: Options): Plan[] {
    const all = programs.filter(({ name }) => chosen.includes(name));
    return latency.flatMap((each) =>
        services.map((count) => {
            const often = count === 1 ? { rounds, repeats: 1 } : { rounds: 1, repeats: rounds };
            return { services: count, latency: each, programs: all, ...often };
        }),
    );
}

/** The data of the plot: two steps and the memory, with and without latency. */
function pointsOf(rows: readonly Row[]): Point[] {
    return [
        ...groupBy(rows, ({ program, services, latency }) => [program, services, latency].join()),
    ].flatMap(([, of]) => {
        const [first] = of;
        if (first === undefined) return [];
        const { program, services, latency } = first;
        const panel = (name: string): string => `${name}, ${String(latency)} ms of latency`;
        const step = (name: Step): Point[] => {
            const time = wallOf(of.filter((row) => row.step === name));
            return time === undefined
                ? []
                : [{ program, services, panel: panel(`${name}, s`), value: time }];
        };
        const memory = median(
            of.filter(({ step }) => step === "preview").map(({ measured }) => measured.memory),
        );
        return [
            ...step("preview"),
            ...step("first up"),
            { program, services, panel: panel("memory of a preview, MiB"), value: memory },
        ];
    });
}

function section(title: string, ...paragraphs: readonly string[]): Section {
    return { text: [`## ${title}`, ...paragraphs, ""].join("\n\n"), points: [] };
}

/** Prints progress, because the benchmark takes long. */
function say(what: string, { wall, memory }: Measurement): void {
    process.stderr.write(`${what}: ${wall.toFixed(2)} s, ${memory.toFixed(0)} MiB\n`);
}
