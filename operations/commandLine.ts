import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { visible } from "../quay/api/text.ts";
import { UserError } from "../components/messages/userError.ts";

/** A wrong command line. The program prints the message and its usage, and exits with code 2. */
export class UsageError extends UserError {}

/** The command line of a program. */
export interface CommandLine<Options extends ParseArgsOptionsConfig> {
    /** The text that `--help` prints. */
    readonly usage: string;
    /** Options in the form of `parseArgs` of node:util. `--help` is added to every program. */
    readonly options: Options;
    /** The smallest and largest number of positional arguments. Default: [0, 0]. */
    readonly arguments?: readonly [min: number, max: number];
}

function parse<Options extends ParseArgsOptionsConfig>(args: string[], options: Options) {
    return parseArgs({ args, options, allowPositionals: true });
}

/**
 * Parses the command line and runs a program. `--help` prints the usage to stdout. A wrong command
 * line prints its error and the usage to stderr (exit code 2), a UserError its message (exit code
 * 1).
 */
export async function runCommand<const Options extends ParseArgsOptionsConfig>(
    { usage, options, arguments: [min, max] = [0, 0] }: CommandLine<Options>,
    body: (
        values: ReturnType<typeof parse<Options>>["values"],
        positionals: string[],
    ) => Promise<void> | void,
    args: string[] = process.argv.slice(2),
): Promise<void> {
    await attempt(usage, args, () => {
        const { values, positionals } = parse(args, options);
        const unexpected = positionals[max];
        if (unexpected !== undefined) throw new UsageError(`Unexpected argument: ${unexpected}`);
        if (positionals.length < min) throw new UsageError("An argument is missing.");
        return body(values, positionals);
    });
}

/**
 * Runs the command that the first argument names, with the other arguments. Handles `--help` and
 * errors as `runCommand` does; the command `help` prints the usage, too.
 *
 * @param commands by name. For wrong arguments, each throws a UsageError or what `parseArgs`
 * throws.
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
    if (hasHelpOption(args)) {
        process.stdout.write(`${usage.trimEnd()}\n`);
        return;
    }
    try {
        await body();
    } catch (error) {
        process.exitCode = report(error, usage);
    }
}

/** Whether the arguments contain `--help` or `-h` before `--`. */
function hasHelpOption(args: readonly string[]): boolean {
    const own = args.slice(0, args.includes("--") ? args.indexOf("--") : args.length);
    return own.includes("--help") || own.includes("-h");
}

/** Prints a user's error. @returns the exit code @throws any other error: it is a bug */
function report(error: unknown, usage: string): number {
    const isParseError =
        error instanceof TypeError &&
        "code" in error &&
        String(error.code).startsWith("ERR_PARSE_ARGS");
    if (isParseError || error instanceof UsageError) {
        process.stderr.write(`${visible(error.message)}\n\n${usage.trimEnd()}\n`);
        return 2;
    }
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
}
