/**
 * The results as Markdown tables. Each figure is a median; a ratio refers to the first program of
 * the table.
 */
import { median, type Measurement } from "./measure.ts";
import type { Row } from "./services.ts";

/** Compares the seconds of the programs, by services and step. @param rows of one latency */
export function timeTable(rows: readonly Row[]): string {
    const programs = [...new Set(rows.map(({ program }) => program))];
    const lines = [...groupBy(rows, ({ services, step }) => `${String(services)} | ${step}`)].map(
        ([key, group]) => {
            const times = programs.map((program) =>
                wallOf(group.filter((row) => row.program === program)),
            );
            const [reference] = times;
            const cells = times.map((time, i) => {
                if (time === undefined) return "";
                return i === 0 || reference === undefined
                    ? seconds(time)
                    : `${seconds(time)} (${ratio(time, reference)})`;
            });
            return [key, ...cells].join(" | ");
        },
    );
    return table(["services", "step", ...programs], lines);
}

/** All measurements of time and memory. */
export function fullTable(rows: readonly Row[]): string {
    const head = ["wall s", "min–max", "CPU s", "memory MiB", "runs"];
    return tableByStep(head, rows, (group) => {
        const walls = group.map(({ measured }) => measured.wall);
        const of = (pick: (measured: Measurement) => number): number =>
            median(group.map(({ measured }) => pick(measured)));
        return [
            seconds(median(walls)),
            `${seconds(Math.min(...walls))}–${seconds(Math.max(...walls))}`,
            seconds(of(({ cpu }) => cpu)),
            of(({ memory }) => memory).toFixed(0),
            group.length,
        ];
    });
}

/** The requests to each server. */
export function requestTable(rows: readonly Row[]): string {
    return tableByStep(["GitHub", "Quay", "registry", "registry kB"], rows, (group) => {
        const of = (pick: (requests: Row["requests"]) => number): number =>
            median(group.map(({ requests }) => pick(requests)));
        return [
            of(({ github }) => github),
            of(({ quay }) => quay),
            of(({ registry }) => registry),
            (of(({ blobBytes }) => blobBytes) / 1000).toFixed(1),
        ];
    });
}

/** A table with a line for each step of each program. @param cellsOf the runs of one step */
function tableByStep(
    head: readonly string[],
    rows: readonly Row[],
    cellsOf: (group: readonly Row[]) => readonly (string | number)[],
): string {
    const key = ({ latency, services, step, program }: Row): string =>
        [latency, services, step, program].join(" | ");
    const lines = [...groupBy(rows, key)].map(([name, group]) =>
        [name, ...cellsOf(group)].join(" | "),
    );
    return table(["latency ms", "services", "step", "program", ...head], lines);
}

/**
 * The CPU seconds and the peak resident memory of each process, for several runs of one command.
 */
export function processTable(runs: readonly Measurement[]): string {
    const names = new Set(runs.flatMap(({ processes }) => Object.keys(processes)));
    const lines = [...names]
        .map((name) => {
            const of = (
                pick: (process: { readonly cpu: number; readonly memory: number }) => number,
            ): number =>
                median(runs.map(({ processes }) => pick(processes[name] ?? { cpu: 0, memory: 0 })));
            return { name, cpu: of(({ cpu }) => cpu), memory: of(({ memory }) => memory) };
        })
        .filter(({ memory }) => memory > 0)
        .sort((a, b) => b.cpu - a.cpu)
        .map(({ name, cpu, memory }) => [name, seconds(cpu), memory.toFixed(0)].join(" | "));
    return table(["process", "CPU s", "memory MiB"], lines);
}

/** Compares two commands that were measured in turn. @param names of the first and the second */
export function pairTable(
    names: readonly [string, string],
    pairs: readonly (readonly [string, readonly (readonly [Measurement, Measurement])[]])[],
): string {
    const lines = pairs.map(([name, measured]) => {
        const ratios = measured.map(([a, b]) => a.wall / b.wall);
        const figures = [0, 1].map((i) => {
            const of = measured.flatMap((pair) => pair[i] ?? []);
            const memory = median(of.map(({ memory }) => memory)).toFixed(0);
            return `${seconds(median(of.map(({ wall }) => wall)))} s, ${memory} MiB`;
        });
        const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
        return [name, ...figures, `${median(ratios).toFixed(2)} (${range})`, measured.length].join(
            " | ",
        );
    });
    return table(["", ...names, "ratio of each pair", "pairs"], lines);
}

/** Commands by name, with several runs of each. */
export function runTable(runs: readonly (readonly [string, Measurement])[]): string {
    const lines = [...groupBy(runs, ([name]) => name)].map(([name, of]) => {
        const middle = (pick: (run: Measurement) => number): number =>
            median(of.map(([, run]) => pick(run)));
        const walls = of.map(([, { wall }]) => wall);
        const range = `${seconds(Math.min(...walls))}–${seconds(Math.max(...walls))}`;
        const memory = middle((run) => run.memory).toFixed(0);
        return [
            name,
            seconds(median(walls)),
            range,
            seconds(middle((run) => run.cpu)),
            memory,
            of.length,
        ].join(" | ");
    });
    return table(["", "wall s", "min–max", "CPU s", "memory MiB", "runs"], lines);
}

/** @param lines cells with bars between them */
export function table(head: readonly string[], lines: readonly string[]): string {
    return [
        `| ${head.join(" | ")} |`,
        `|${" --- |".repeat(head.length)}`,
        ...lines.map((line) => `| ${line} |`),
        "",
    ].join("\n");
}

/** Returns the median wall time, or undefined without rows. */
export function wallOf(rows: readonly Row[]): number | undefined {
    return rows.length === 0 ? undefined : median(rows.map(({ measured }) => measured.wall));
}

export function groupBy<T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> {
    const groups = new Map<string, T[]>();
    for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
    return groups;
}

export function seconds(value: number): string {
    return value.toFixed(2);
}

function ratio(value: number, reference: number): string {
    return `×${(value / reference).toFixed(2)}`;
}
