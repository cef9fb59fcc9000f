/** What `make bench` runs: this project next to Terraform and to plain Pulumi programs at the same work, in one run. */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { runCommand, UsageError } from "../operations/commandLine.ts";
import { interrupt, run } from "./measure.ts";
import { calibrate, howNoisy } from "./noise.ts";
import { type Options, parts } from "./parts.ts";
import { plot, type Point } from "./plot.ts";
import { programs } from "./programs.ts";

const help = `Measures this project next to Terraform and plain Pulumi programs at the same work.

Usage: make bench [ARGS="OPTION…"], which is node bench/main.ts [OPTION…]

  --only PART,…      ${Object.keys(parts).join(", ")}; default: all
  --rounds N         how often each thing is done from nothing; default: 5, and once for more than one service
  --services N,…     default: 1,10,50
  --latency MS,…     of Quay and GitHub; default: 0,100
  --programs NAME,…  ${programs.map(({ name }) => name).join(", ")}; default: all
  --help             this text

Without options it takes 85 minutes, and writes docs/performance.svg and docs/performance-results.md. With any of them it only prints.
Ctrl-C ends it and removes what it has made.
`;

const whole = (option: string, text: string, least: number): number => {
    const value = /^\d+$/.test(text) ? Number(text) : -1;
    if (value < least)
        throw new UsageError(`--${option}: "${text}" is no whole number from ${String(least)} up.`);
    return value;
};
const oneOf = (all: readonly string[], text: string | undefined): readonly string[] => {
    const wrong = text?.split(",").find((name) => !all.includes(name));
    if (wrong !== undefined) throw new UsageError(`There is no "${wrong}": ${all.join(", ")}.`);
    return text?.split(",") ?? all;
};

await runCommand(
    {
        usage: help,
        options: {
            only: { type: "string" },
            rounds: { type: "string", default: "5" },
            services: { type: "string", default: "1,10,50" },
            latency: { type: "string", default: "0,100" },
            programs: { type: "string" },
        },
    },
    async (values) => {
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
        const { text, points } = await measureAll(options);
        if (process.argv.length > 2) return;
        const docs = join(import.meta.dirname, "../docs");
        writeFileSync(join(docs, "performance-results.md"), text);
        writeFileSync(
            join(docs, "performance.svg"),
            await plot(points, "Cost over services (both axes logarithmic)"),
        );
    },
);

/** @returns the report and what is drawn; each section is printed as soon as it is there */
async function measureAll(options: Options): Promise<{ text: string; points: readonly Point[] }> {
    const versions = await Promise.all(["pulumi", "terraform"].map(versionOf));
    const sections = [];
    for (const [name, measurePart] of Object.entries(parts)) {
        if (!options.only.includes(name)) continue;
        calibrate();
        const section = await measurePart(options);
        sections.push(section);
        process.stdout.write(`\n${section.text}`);
    }
    calibrate();
    process.stdout.write(`\n${howNoisy()}\n`);
    const machine = `On ${String(cpus().length)} cores, with Node.js ${process.versions.node}, ${versions.join(", ")}.`;
    const text = [
        `# Results of \`make bench\``,
        `${machine} ${howNoisy()}`,
        ...sections.map(({ text }) => text),
    ].join("\n\n");
    return { text, points: sections.flatMap(({ points }) => points) };
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
