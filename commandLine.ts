import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { UserError } from "./errors.ts";

/** A wrong command line: its message is printed with the program's usage, and the exit code is 2. */
export class UsageError extends UserError {}

/** What a program takes on its command line. */
export interface CommandLine<Options extends ParseArgsOptionsConfig> {
    /** What `--help` prints. */
    readonly usage: string;
    /** As `parseArgs` of node:util takes them. Every program has `--help` besides. Default: none. */
    readonly options: Options;
    /** The least and the largest number of arguments that are no options. Default: none. */
    readonly arguments?: readonly [least: number, most: number];
}

function parse<Options extends ParseArgsOptionsConfig>(args: string[], options: Options) {
    return parseArgs({ args, options, allowPositionals: true });
}

/**
 * Runs a program with what its command line says. `--help` prints the usage on stdout. A wrong
 * command line prints it on stderr (exit code 2), a UserError its message alone (exit code 1).
 */
export async function runCommand<const Options extends ParseArgsOptionsConfig>(
    { usage, options, arguments: [least, most] = [0, 0] }: CommandLine<Options>,
    body: (
        values: ReturnType<typeof parse<Options>>["values"],
        positionals: string[],
    ) => Promise<void> | void,
    args: string[] = process.argv.slice(2),
): Promise<void> {
    if (asksForHelp(args)) {
        process.stdout.write(`${usage.trimEnd()}\n`);
        return;
    }
    try {
        const { values, positionals } = parse(args, options);
        const unexpected = positionals[most];
        if (unexpected !== undefined) throw new UsageError(`Unexpected argument: ${unexpected}`);
        if (positionals.length < least) throw new UsageError("An argument is missing.");
        await body(values, positionals);
    } catch (error) {
        process.exitCode = report(error, usage);
    }
}

/** Whether a command line asks for help; what follows `--` belongs to another program. */
export function asksForHelp(args: readonly string[]): boolean {
    const own = args.slice(0, args.includes("--") ? args.indexOf("--") : args.length);
    return own.includes("--help") || own.includes("-h");
}

/** Prints a user's mistake. @returns the exit code @throws any other error, which is ours */
export function report(error: unknown, usage: string): number {
    const isParseError =
        error instanceof TypeError &&
        "code" in error &&
        String(error.code).startsWith("ERR_PARSE_ARGS");
    if (isParseError || error instanceof UsageError) {
        process.stderr.write(`${error.message}\n\n${usage.trimEnd()}\n`);
        return 2;
    }
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
}
