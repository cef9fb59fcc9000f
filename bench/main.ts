/**
 * The program of `make bench`: compares this project with Terraform and with plain Pulumi programs
 * at the same work.
 */
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
  --rounds N         runs, each from an empty state; default: 5 for one service, 1 for more
  --services N,…     default: 1,10,50
  --latency MS,…     of Quay and GitHub; default: 0,100
  --programs NAME,…  ${programs.map(({ name }) => name).join(", ")}; default: all
  --help             this text

Without options it takes 85 minutes, and writes docs/performance.svg and
docs/performance-results.md. With any option it only prints. Press Ctrl-C to stop it and remove
everything that it has created.
`;

const whole = (option: string, text: string, least: number): number => {
    const value = /^\d+$/.test(text) ? Number(text) : -1;
    if (value < least)
        throw new UsageError(
            `--${option}: "${text}" must be a whole number of at least ${String(least)}.`,
        );
    return value;
};
const oneOf = (all: readonly string[], text: string | undefined): readonly string[] => {
    const wrong = text?.split(",").find((name) => !all.includes(name));
    if (wrong !== undefined) throw new UsageError(`"${wrong}" must be one of ${all.join(", ")}.`);
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
        // The terminal's signal ends the running command. Then everything is removed as after an
        // error.
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

/** Prints each section once it is complete. @returns the report, and the data of the plot */
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
    const machine = `On ${String(cpus().length)} cores`;
    const text = [
        "# Results of `make bench`",
        `${machine}, with Node.js ${process.versions.node}, ${versions.join(", ")}.\n${howNoisy()}`,
        ...sections.map(({ text }) => text),
    ].join("\n\n");
    return { text, points: sections.flatMap(({ points }) => points) };
}

/** Returns a program's version, for example `pulumi v3.1.0`, or that it is not installed. */
async function versionOf(program: string): Promise<string> {
    const command = {
        command: [program, "version"],
        folder: "/",
        environment: { PULUMI_SKIP_UPDATE_CHECK: "true", CHECKPOINT_DISABLE: "1" },
    };
    const printed = await run(command).catch(() => "is not installed");
    return `${program} ${/v[0-9][0-9.]*/.exec(printed)?.[0] ?? printed}`;
}
