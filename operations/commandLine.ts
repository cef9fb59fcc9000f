import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { UserError } from "../components/userError.ts";

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
    await attempt(usage, args, () => {
        const { values, positionals } = parse(args, options);
        const unexpected = positionals[most];
        if (unexpected !== undefined) throw new UsageError(`Unexpected argument: ${unexpected}`);
        if (positionals.length < least) throw new UsageError("An argument is missing.");
        return body(values, positionals);
    });
}

/**
 * Runs one of a program's commands: that of the first argument, with all others. Help and errors are
 * those of `runCommand`; the command `help` prints the usage, too.
 *
 * @param commands by name. Each throws a UsageError, or what `parseArgs` throws, at wrong arguments.
 */
export async function runCommands(
    usage: string,
    commands: Readonly<Record<string, (args: string[]) => Promise<void> | void>>,
    args: string[] = process.argv.slice(2),
): Promise<void> {
    const [name = "", ...others] = args;
    await attempt(usage, name === "help" ? ["--help"] : args, () => {
        const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
        if (command === undefined)
            throw new UsageError(name === "" ? "Which command?" : `Unknown command: ${name}`);
        return command(others);
    });
}

async function attempt(
    usage: string,
    args: readonly string[],
    body: () => Promise<void> | void,
): Promise<void> {
    if (asksForHelp(args)) {
        process.stdout.write(`${usage.trimEnd()}\n`);
        return;
    }
    try {
        await body();
    } catch (error) {
        process.exitCode = report(error, usage);
    }
}

/** Whether a command line asks for help; what follows `--` belongs to another program. */
function asksForHelp(args: readonly string[]): boolean {
    const own = args.slice(0, args.includes("--") ? args.indexOf("--") : args.length);
    return own.includes("--help") || own.includes("-h");
}

/** Prints a user's mistake. @returns the exit code @throws any other error, which is ours */
function report(error: unknown, usage: string): number {
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
